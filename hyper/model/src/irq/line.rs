//! What a PIRQ stands for, and what an arriving interrupt is.

use super::{DeviceMessage, Signal, Trigger};
use crate::event::Pirq;

/// Where an interrupt comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The pin of an IO-APIC whose GSI is the PIRQ's number.
    Pin {
        /// The GSI.
        gsi: u32,
        /// How its line signals.
        signal: Signal,
    },
    /// A device's message.
    Message(DeviceMessage),
}

/// An interrupt that a PIRQ stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Where it comes from.
    pub source: Source,
    /// Its vector.
    pub vector: u8,
    /// An event channel is bound to it.
    pub is_bound: bool,
    /// It arrived, and is masked until the domain ends it.
    pub is_held: bool,
}

impl Line {
    /// Whether the domain has to end it.
    #[must_use]
    pub const fn needs_end(&self) -> bool {
        matches!(
            self.source,
            Source::Pin {
                signal: Signal {
                    trigger: Trigger::Level,
                    ..
                },
                ..
            }
        )
    }
}

/// What an arriving interrupt is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Its vector belongs to nothing.
    Unknown,
    /// No event channel is bound to it.
    Dropped,
    /// Raise it.
    Raise(Pirq),
    /// Mask its pin, then raise it.
    Hold(Pirq, Line),
}
