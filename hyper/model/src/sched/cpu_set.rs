//! Sets of CPUs.

use core::sync::atomic::{AtomicU64, Ordering};

/// The most CPUs that a set can hold.
pub const CPUS: u32 = 256;

const WORDS: usize = CPUS as usize / 64;

/// A CPU's number, from 0 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuId(u32);

impl CpuId {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    fn place(self) -> (usize, u64) {
        ((self.0 / 64) as usize, 1 << (self.0 % 64))
    }
}

/// A set of CPUs below [`CPUS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSet([u64; WORDS]);

impl CpuSet {
    /// No CPU.
    pub const EMPTY: Self = Self([0; WORDS]);
    /// Every CPU.
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    /// One CPU, if it is below [`CPUS`].
    #[must_use]
    pub fn of(cpu: CpuId) -> Self {
        Self::EMPTY.with(cpu)
    }

    /// The set with another CPU in it, if it is below [`CPUS`].
    #[must_use]
    pub fn with(mut self, cpu: CpuId) -> Self {
        let (word, bit) = cpu.place();
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
        self
    }

    /// Whether a CPU is in the set.
    #[must_use]
    pub fn contains(&self, cpu: CpuId) -> bool {
        let (word, bit) = cpu.place();
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Its CPUs, in order.
    pub fn iter(&self) -> impl Iterator<Item = CpuId> + '_ {
        (0..CPUS).map(CpuId).filter(|cpu| self.contains(*cpu))
    }
}

/// A set that several CPUs change at once.
#[derive(Debug)]
pub(super) struct SharedCpuSet([AtomicU64; WORDS]);

impl SharedCpuSet {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    pub(super) fn insert(&self, cpu: CpuId) {
        let (word, bit) = cpu.place();
        if let Some(word) = self.0.get(word) {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether it was in the set.
    pub(super) fn remove(&self, cpu: CpuId) -> bool {
        let (word, bit) = cpu.place();
        self.0.get(word).is_some_and(|word| {
            // Look before writing: mostly it is not.
            word.load(Ordering::Relaxed) & bit != 0
                && word.fetch_and(!bit, Ordering::Relaxed) & bit != 0
        })
    }

    /// The lowest CPU in both sets.
    pub(super) fn first_of(&self, set: &CpuSet) -> Option<CpuId> {
        (0u32..)
            .zip(self.0.iter().zip(&set.0))
            .find_map(|(index, (word, other))| {
                let both = word.load(Ordering::Relaxed) & other;
                (both != 0).then(|| CpuId(index * 64 + both.trailing_zeros()))
            })
    }
}
