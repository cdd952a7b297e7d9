//! How a line signals.

/// What of a line is the interrupt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// Its change.
    Edge,
    /// Its being asserted.
    Level,
}

/// Which level of a line means "asserted".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polarity {
    /// High.
    ActiveHigh,
    /// Low.
    ActiveLow,
}

/// How a line signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal {
    /// Edge or level.
    pub trigger: Trigger,
    /// Active high or low.
    pub polarity: Polarity,
}

impl Signal {
    /// Lines of the ISA bus, unless the firmware says otherwise.
    pub const ISA: Self = Self { trigger: Trigger::Edge, polarity: Polarity::ActiveHigh };
    /// Lines of PCI.
    pub const PCI: Self = Self { trigger: Trigger::Level, polarity: Polarity::ActiveLow };
}

/// Whether an interrupt is held back at its source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mask {
    /// It is.
    Masked,
    /// It is not.
    Open,
}
