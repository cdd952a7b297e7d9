//! Kinds of use.

use super::entry::Level;

/// What a frame is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Nothing yet, since it has its owner.
    None,
    /// Mapped writable.
    Writable,
    /// A table of level 1.
    L1,
    /// A table of level 2.
    L2,
    /// A table of level 3.
    L3,
    /// A root.
    L4,
    /// Segment descriptors.
    Descriptor,
    /// The hypervisor's own, for guests to read.
    Shared,
}

impl Kind {
    /// The level, where it is a table.
    #[must_use]
    #[inline]
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::L1 => Some(Level::L1),
            Self::L2 => Some(Level::L2),
            Self::L3 => Some(Level::L3),
            Self::L4 => Some(Level::L4),
            Self::None | Self::Writable | Self::Descriptor | Self::Shared => None,
        }
    }

    /// Whether the contents have to be checked before the frame is used as this.
    pub(super) const fn needs_validation(self) -> bool {
        match self {
            Self::L1 | Self::L2 | Self::L3 | Self::L4 | Self::Descriptor => true,
            Self::None | Self::Writable | Self::Shared => false,
        }
    }

    /// Whether a cached translation from the time when the frame was used as *this* would do harm
    /// now that it is used as something else. A function of the old kind alone.
    ///
    /// A writable frame: it could still be written. A table: a walk may go on through it. A
    /// descriptor page: the hypervisor's own view of it may still be loaded from. Shared: what a
    /// guest was shown it may not see for ever.
    pub(super) const fn leaves_harmful_translations(self) -> bool {
        match self {
            Self::None => false,
            Self::Writable
            | Self::L1
            | Self::L2
            | Self::L3
            | Self::L4
            | Self::Descriptor
            | Self::Shared => true,
        }
    }
}

impl From<Level> for Kind {
    #[inline]
    fn from(level: Level) -> Self {
        match level {
            Level::L1 => Self::L1,
            Level::L2 => Self::L2,
            Level::L3 => Self::L3,
            Level::L4 => Self::L4,
        }
    }
}
