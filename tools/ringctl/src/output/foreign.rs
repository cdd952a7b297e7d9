//! Text that guests wrote.

use std::borrow::Cow;

/// The text without the sequences that set colours, and with its other control characters, but for tabs and new
/// lines, in Rust's notation. A terminal would do as they say: to a reader in dom0, with what a guest wrote.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = after_color(rest) {
            rest = after;
            continue;
        }
        if acts(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        rest = rest.strip_prefix(character).unwrap_or_default();
    }
    Cow::Owned(shown)
}

fn acts(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n')
}

/// What comes after the sequence that sets a colour, where the text begins with one.
fn after_color(text: &str) -> Option<&str> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let is_number = |character: char| character.is_ascii_digit() || matches!(character, ';' | ':');
    numbers.trim_start_matches(is_number).strip_prefix('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_text_does_nothing_to_a_terminal() {
        for (text, shown) in [
            ("", ""),
            ("eth0:\tup, größer\n", "eth0:\tup, größer\n"),
            (
                "[\u{1b}[0;1;32m  OK  \u{1b}[0m] Started",
                "[  OK  ] Started",
            ),
            ("\u{1b}]0;root@dom0\u{7}", "\\u{1b}]0;root@dom0\\u{7}"),
            ("a\u{1b}[2J\u{1b}[", "a\\u{1b}[2J\\u{1b}["),
            ("no\ryes\u{9b}5n", "no\\ryes\\u{9b}5n"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
