//! The command line: what to do.

use ringwall_sdk::abi::DomainId;
use ringwall_sdk::start;

/// What the command line says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// What to do.
    pub(crate) attack: &'static str,
    /// The neighbour.
    pub(crate) victim: DomainId,
    /// Where random numbers start.
    pub(crate) seed: u64,
}

impl Options {
    /// Reads it. What is missing is 1.
    pub(crate) fn read() -> Self {
        let words = start::command_line().split_ascii_whitespace();
        let value = |name: &str| {
            let mut pairs = words.clone().filter_map(|word| word.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let number = |name| value(name).and_then(|text| text.parse().ok());
        Self {
            attack: value("attack").unwrap_or_default(),
            victim: DomainId::new(number("victim").unwrap_or(1)),
            seed: value("seed")
                .and_then(|text| text.parse().ok())
                .unwrap_or(1),
        }
    }
}
