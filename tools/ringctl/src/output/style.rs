//! Colours.

use anstyle::{AnsiColor, Style};
use ringwall_api::State;

pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The colour of a state.
pub(crate) fn state_style(state: State) -> Style {
    match state {
        State::Running => AnsiColor::Green.on_default(),
        State::Blocked => AnsiColor::Cyan.on_default(),
        State::Paused => AnsiColor::Yellow.on_default(),
        State::Shutdown | State::Dying => Style::new().dimmed(),
        State::Crashed => AnsiColor::Red.on_default().bold(),
    }
}
