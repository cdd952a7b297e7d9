//! The syntax of xl's files: `key = value`, with texts in quotes, numbers, and lists.

use crate::document::Entry;
use crate::problem::{Place, Problem};
use crate::value::{Located, Value};

/// Lists in lists, at most.
const DEPTH_LIMIT: usize = 8;

/// Reads a file; `key += [...]` appends to what the key has.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, Problem> {
    let mut parser = Parser { text, offset: 0 };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        parser.skip(Blank::Lines);
        if parser.peek().is_none() {
            return Ok(entries);
        }
        let (entry, appends) = parser.statement()?;
        let old = entries.iter_mut().find(|old| old.key == entry.key);
        match (old, appends) {
            (Some(old), true) => append(old, entry),
            // As in xl, the last one counts.
            (Some(old), false) => *old = entry,
            (None, _) => entries.push(entry),
        }
    }
}

fn append(old: &mut Entry, entry: Entry) {
    match (&mut old.value.value, entry.value.value) {
        (Value::List(list), Value::List(more)) => list.extend(more),
        (Value::List(list), value) => list.push(Located {
            place: entry.value.place,
            value,
        }),
        (Value::Text(text), Value::Text(more)) => text.push_str(&more),
        (old, value) => *old = value,
    }
}

/// What is passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    /// Spaces and tabs.
    InLine,
    /// Those, comments, ends of lines, and `;`.
    Lines,
    /// Those, but no `;`: inside a list.
    InList,
}

struct Parser<'a> {
    text: &'a str,
    offset: usize,
}

impl Parser<'_> {
    fn statement(&mut self) -> Result<(Entry, bool), Problem> {
        let place = self.place();
        let key = self.word();
        if key.is_empty() {
            return Err(self.problem("expected a key"));
        }
        self.skip(Blank::InLine);
        let appends = self.take('+');
        if !self.take('=') {
            return Err(self.problem(format!("expected = after {key:?}")));
        }
        self.skip(Blank::InLine);
        let value = self.value(0)?;
        self.skip(Blank::InLine);
        match self.peek() {
            None | Some('\n' | '\r' | ';' | '#') => {}
            Some(_) => return Err(self.problem("expected the end of the line")),
        }
        let entry = Entry {
            key,
            place: Some(place),
            value,
        };
        Ok((entry, appends))
    }

    fn value(&mut self, depth: usize) -> Result<Located, Problem> {
        let place = Some(self.place());
        let value = match self.peek() {
            Some(quote @ ('"' | '\'')) => Value::Text(self.quoted(quote)?),
            Some('[') if depth >= DEPTH_LIMIT => {
                return Err(self.problem("too many lists in lists"));
            }
            Some('[') => Value::List(self.list(depth)?),
            Some(c) if c.is_ascii_digit() || c == '-' => Value::Integer(self.number()?),
            _ => return Err(self.problem("expected a text in quotes, a number or a list")),
        };
        Ok(Located { place, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Located>, Problem> {
        let start = self.place();
        self.advance();
        let mut list = Vec::new();
        loop {
            self.skip(Blank::InList);
            if self.take(']') {
                return Ok(list);
            }
            if self.peek().is_none() {
                return Err(Problem::new("the list is not closed by ]").at(Some(start)));
            }
            list.push(self.value(depth + 1)?);
            self.skip(Blank::InList);
            if !self.take(',') && self.peek().is_some_and(|c| c != ']') {
                return Err(self.problem("expected , or ] in the list"));
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Problem> {
        let start = self.place();
        self.advance();
        let mut text = String::new();
        loop {
            match self.advance() {
                Some(c) if c == quote => return Ok(text),
                None | Some('\n') => {
                    return Err(Problem::new("the text is not closed").at(Some(start)));
                }
                Some('\\') => text.push(self.escaped()?),
                Some(c) => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Problem> {
        let problem = self.problem("unknown escape: use \\\\, \\', \\\", \\n, \\t, \\r or \\x41");
        match self.advance() {
            Some(c @ ('\\' | '\'' | '"')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('x') => {
                let digits = [self.advance(), self.advance()];
                let mut code = 0;
                for digit in digits {
                    let digit = digit.and_then(|c| c.to_digit(16)).ok_or(problem.clone())?;
                    code = code * 16 + digit;
                }
                char::from_u32(code).ok_or(problem)
            }
            _ => Err(problem),
        }
    }

    fn number(&mut self) -> Result<i64, Problem> {
        let problem = self.problem("expected a number");
        let is_negative = self.take('-');
        let word = self.word();
        let magnitude = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16),
            None => word.parse(),
        };
        let magnitude = magnitude.map_err(|_| problem)?;
        Ok(if is_negative { -magnitude } else { magnitude })
    }

    /// Letters, digits and what keys have between them.
    fn word(&mut self) -> String {
        let start = self.offset;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        {
            self.advance();
        }
        self.text
            .get(start..self.offset)
            .unwrap_or_default()
            .to_owned()
    }

    fn skip(&mut self, blank: Blank) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => {}
                // A line that goes on in the next one.
                '\\' if self.rest().starts_with("\\\n") => {
                    self.advance();
                }
                '\n' | '\r' if blank != Blank::InLine => {}
                ';' if blank == Blank::Lines => {}
                '#' if blank != Blank::InLine => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.advance();
                    }
                    continue;
                }
                _ => return,
            }
            self.advance();
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.advance();
        }
        found
    }

    fn rest(&self) -> &str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        Some(next)
    }

    fn place(&self) -> Place {
        Place::of(self.text, self.offset)
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(message).at(Some(self.place()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<(String, Value)>, String> {
        let entries = read(text).map_err(|problem| problem.to_string())?;
        let pairs = entries
            .into_iter()
            .map(|entry| (entry.key, entry.value.value));
        Ok(pairs.collect())
    }

    #[test]
    fn values_of_all_kinds_are_read() {
        let text = "# comment\nname = \"a\" # more\nvcpus=2;memory = 0x80\n\
                    disk = [ 'x', # first\n  \"y\",\n]\nextra='it\\'s\\x21'\ndisk += ['z']\n";
        let list = |texts: &[&str]| {
            let texts = texts.iter().map(|text| Value::Text((*text).to_owned()));
            texts.collect::<Vec<_>>()
        };
        let found = values(text).unwrap();
        assert_eq!(found[0], ("name".to_owned(), Value::Text("a".to_owned())));
        assert_eq!(found[1], ("vcpus".to_owned(), Value::Integer(2)));
        assert_eq!(found[2], ("memory".to_owned(), Value::Integer(128)));
        let Value::List(disks) = &found[3].1 else {
            panic!("{found:?}")
        };
        let disks: Vec<_> = disks.iter().map(|disk| disk.value.clone()).collect();
        assert_eq!(disks, list(&["x", "y", "z"]));
        assert_eq!(found[4].1, Value::Text("it's!".to_owned()));
    }

    #[test]
    fn errors_have_their_place() {
        for (text, expected) in [
            ("name", "1:5: expected = after \"name\""),
            (
                "name = ",
                "1:8: expected a text in quotes, a number or a list",
            ),
            ("\nname = 'a", "2:8: the text is not closed"),
            ("a = [1, 2", "1:5: the list is not closed by ]"),
            ("a = [1 2]", "1:8: expected , or ] in the list"),
            ("a = 1 b = 2", "1:7: expected the end of the line"),
            ("a = 12x", "1:5: expected a number"),
            (
                "a = '\\q'",
                "1:7: unknown escape: use \\\\, \\', \\\", \\n, \\t, \\r or \\x41",
            ),
            ("= 1", "1:1: expected a key"),
            ("a = [[[[[[[[[[1]]]]]]]]]]", "1:13: too many lists in lists"),
            ("a = 99999999999999999999", "1:5: expected a number"),
        ] {
            assert_eq!(values(text).unwrap_err(), expected, "{text:?}");
        }
    }
}
