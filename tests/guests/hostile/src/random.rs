//! Random numbers, the same each time.

/// A generator: splitmix64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// One that starts there.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `limit`, which is not 0.
    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A word: wild, or one that is nearly right more often than not.
    pub(crate) const fn word(&mut self) -> u32 {
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
