//! What can be waited for.

use serde::{Deserialize, Serialize};

/// A condition of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It runs: it is not paused, and its kernel has started.
    Running,
    /// A network card of it works, and it was given an address.
    Network,
    /// A line of its console matches this expression, now or later.
    Console(String),
    /// It has ended, or is gone.
    Shutdown,
}

impl Condition {
    /// Reads `running`, `network`, `console:REGEX` or `shutdown`.
    ///
    /// # Errors
    /// One line that names all conditions.
    pub fn parse(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("console:")) {
            ("running", _) => Ok(Self::Running),
            ("network", _) => Ok(Self::Network),
            ("shutdown", _) => Ok(Self::Shutdown),
            (_, Some("")) => Err("console: needs an expression: console:login".to_owned()),
            (_, Some(expression)) => Ok(Self::Console(expression.to_owned())),
            _ => Err(format!(
                "{text:?} is no condition: use running, network, console:REGEX or shutdown"
            )),
        }
    }
}

/// A condition that came true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Waited {
    /// The domain's number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub waited_ms: u64,
    /// The line that matched, the address, or the reason of the end.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        for (text, expected) in [
            ("running", Some(Condition::Running)),
            ("network", Some(Condition::Network)),
            ("shutdown", Some(Condition::Shutdown)),
            ("console:a:b", Some(Condition::Console("a:b".to_owned()))),
            ("console:", None),
            ("console", None),
            ("", None),
        ] {
            assert_eq!(Condition::parse(text).ok(), expected, "{text:?}");
        }
    }
}
