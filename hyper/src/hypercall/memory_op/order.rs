//! Orders: how long an extent is.

/// log2 of the frames of an extent, 0..=[`Order::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order(u16);

impl Order {
    /// 2 MiB. It bounds every loop over the frames of one extent, whoever calls.
    pub(super) const MAX: u32 = 9;

    /// Decodes what a guest says; `None` where that is too large.
    pub(super) fn new(raw: u32) -> Option<Self> {
        u16::try_from(raw)
            .ok()
            .filter(|_| raw <= Self::MAX)
            .map(Self)
    }

    /// The number.
    pub(super) fn raw(self) -> u16 {
        self.0
    }

    /// The frames of an extent.
    pub(super) fn frames(self) -> u64 {
        1 << self.0
    }
}
