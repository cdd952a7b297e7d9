//! A value as both formats have it, with the place it was read from.

use crate::problem::{Place, Problem};

/// What stands right of `=`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<Located>),
    Table(Vec<(String, Located)>),
}

/// A value and its place; what comes from a command line has none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located {
    pub(crate) place: Option<Place>,
    pub(crate) value: Value,
}

impl Located {
    /// A text from a command line.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            place: None,
            value: Value::Text(text.to_owned()),
        }
    }

    /// The text, or an integer's digits.
    pub(crate) fn as_text(&self) -> Result<String, Problem> {
        match &self.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Integer(number) => Ok(number.to_string()),
            _ => Err(self.expected("a text")),
        }
    }

    /// A number from `least` to `most`; a text may hold one.
    pub(crate) fn as_number(&self, least: u32, most: u32) -> Result<u32, Problem> {
        let number = match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.expected("a number"))?;
        u32::try_from(number)
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.problem(format!("{number} is not from {least} to {most}")))
    }

    /// A list's elements; anything else is a list of one.
    pub(crate) fn as_list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }

    /// A problem at this place.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(message).at(self.place)
    }

    fn expected(&self, what: &str) -> Problem {
        let found = match &self.value {
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        };
        self.problem(format!("expected {what}, found {found}"))
    }
}
