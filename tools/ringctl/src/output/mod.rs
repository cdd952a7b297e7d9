//! What is printed: JSON, tables, colours, and errors in one line.

mod foreign;
mod style;
mod table;
mod units;

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use anstyle::Style;
use ringwall_api::{Failure, Kind, Result};
use serde_json::Value;

use crate::cli::Color;
pub(crate) use style::{FAINT, HEADING, state_style};
pub(crate) use table::Table;
pub(crate) use units::{clock_time, cpu_time, memory, since};

/// How output is made.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
    /// Whether standard output is a terminal.
    pub(crate) terminal: bool,
    colors: bool,
    error_colors: bool,
}

impl Output {
    pub(crate) fn new(color: Color, json: bool) -> Self {
        let plain =
            std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || is_dumb();
        let colors = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        let terminal = io::stdout().is_terminal();
        Self {
            json,
            terminal,
            colors: colors(terminal),
            error_colors: colors(io::stderr().is_terminal()),
        }
    }

    /// Whether a picture can be drawn: on a terminal that knows more than lines.
    pub(crate) fn can_draw(&self) -> bool {
        self.terminal && !is_dumb()
    }

    /// A reply as JSON: indented on a terminal, one line elsewhere.
    pub(crate) fn json(&self, value: &Value) -> Result<()> {
        let text = match self.terminal {
            true => serde_json::to_string_pretty(value),
            false => serde_json::to_string(value),
        };
        let text = text.map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
        self.line(&text)
    }

    /// A line of text. A reader that has gone ends the command without a word.
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            result => Ok(result?),
        }
    }

    /// A text in a style, where colours are used.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        match self.colors {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    /// What a guest wrote or had a part in: on a terminal it is text and nothing else.
    pub(crate) fn foreign<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.terminal {
            true => foreign::visible(text),
            false => Cow::Borrowed(text),
        }
    }

    /// A line on standard error about what has no effect.
    pub(crate) fn warning(&self, text: &str) {
        self.complain("warning", style::WARNING, text);
    }

    /// The one line of an error.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            let text = serde_json::to_string(failure).unwrap_or_default();
            let _ = writeln!(io::stderr(), "{text}");
        } else {
            self.complain("error", style::ERROR, &failure.message);
        }
    }

    fn complain(&self, word: &str, style: Style, text: &str) {
        // What was refused may be in it, or what a guest's driver says of itself.
        let text = foreign::visible(text);
        // Nobody is left to tell where standard error is gone.
        let _ = match self.error_colors {
            true => writeln!(io::stderr(), "{style}{word}{style:#}: {text}"),
            false => writeln!(io::stderr(), "{word}: {text}"),
        };
    }
}

/// Whether the terminal, if there is one, knows lines alone.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}
