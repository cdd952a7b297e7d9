//! Random numbers: the same for the same seed.

/// SplitMix64: any seed is as good as another.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// One that starts there.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// One of 0..`end`; 0 for an empty range.
    pub const fn below(&mut self, end: u64) -> u64 {
        match self.next().checked_rem(end) {
            Some(number) => number,
            None => 0,
        }
    }

    /// The same for a place in a list.
    pub fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    /// True once in `times`.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of a list that is not empty.
    pub fn of<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let index = self.index(list.len());
        list.get(index).copied().unwrap_or_default()
    }

    /// A word: wild, or one that is nearly right more often than not.
    pub const fn word(&mut self) -> u32 {
        let bits = self.next();
        let low = (bits & 0xffff_ffff) as u32;
        match bits >> 60 {
            0..4 => low,
            4..8 => low % 4096,
            8..10 => 0,
            10..12 => u32::MAX - low % 1024,
            _ => low % 64,
        }
    }
}
