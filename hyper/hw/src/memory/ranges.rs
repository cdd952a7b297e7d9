//! Sets of physical ranges.

use ringwall_abi::PAGE_SIZE;

/// A range of physical addresses, in bytes, page-aligned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// First byte.
    pub start: u64,
    /// Byte after the last.
    pub end: u64,
}

impl Range {
    /// Whole pages inside the bounds.
    #[must_use]
    pub const fn inner(start: u64, end: u64) -> Self {
        let page = PAGE_SIZE as u64;
        let start = match start.checked_next_multiple_of(page) {
            Some(start) => start,
            None => u64::MAX - page + 1,
        };
        let end = end / page * page;
        Self {
            start,
            end: if end > start { end } else { start },
        }
    }

    /// Whole pages around the bounds.
    #[must_use]
    pub const fn outer(start: u64, end: u64) -> Self {
        let page = PAGE_SIZE as u64;
        let end = match end.checked_next_multiple_of(page) {
            Some(end) => end,
            None => u64::MAX - page + 1,
        };
        Self {
            start: start / page * page,
            end,
        }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.end - self.start
    }

    /// Whether no byte is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// Disjoint ranges in ascending order; what does not fit into `N` of them is left out.
#[derive(Clone, Copy)]
pub struct Ranges<const N: usize> {
    items: [Range; N],
    count: usize,
}

impl<const N: usize> Ranges<N> {
    /// No ranges.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            items: [Range { start: 0, end: 0 }; N],
            count: 0,
        }
    }

    /// The ranges.
    #[must_use]
    pub fn as_slice(&self) -> &[Range] {
        self.items.get(..self.count).unwrap_or(&[])
    }

    /// Adds a range, less what is there already.
    pub fn add(&mut self, range: Range) {
        self.remove(range);
        self.insert(range);
        self.merge();
    }

    /// Takes a range away.
    pub fn remove(&mut self, hole: Range) {
        if hole.is_empty() {
            return;
        }
        let old = *self;
        self.count = 0;
        for &range in old.as_slice() {
            self.insert(Range {
                start: range.start,
                end: range.end.min(hole.start),
            });
            self.insert(Range {
                start: range.start.max(hole.end),
                end: range.end,
            });
        }
    }

    fn insert(&mut self, range: Range) {
        if range.is_empty() || self.count == N {
            return;
        }
        let place = self
            .as_slice()
            .iter()
            .take_while(|other| other.start < range.start)
            .count();
        self.items.copy_within(place..self.count, place + 1);
        self.items[place] = range;
        self.count += 1;
    }

    fn merge(&mut self) {
        let old = *self;
        self.count = 0;
        for &range in old.as_slice() {
            match self
                .count
                .checked_sub(1)
                .and_then(|last| self.items.get_mut(last))
            {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => self.insert(range),
            }
        }
    }
}

impl<const N: usize> Default for Ranges<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, Ranges};

    fn ranges(items: &[(u64, u64)]) -> Ranges<8> {
        let mut result = Ranges::new();
        for &(start, end) in items {
            result.add(Range { start, end });
        }
        result
    }

    fn check(ranges: &Ranges<8>, expected: &[(u64, u64)]) {
        let found: Vec<_> = ranges
            .as_slice()
            .iter()
            .map(|range| (range.start, range.end))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn neighbours_and_overlaps_become_one() {
        check(
            &ranges(&[(0x3000, 0x5000), (0x1000, 0x3000), (0x4000, 0x6000)]),
            &[(0x1000, 0x6000)],
        );
    }

    #[test]
    fn a_hole_splits_a_range() {
        let mut set = ranges(&[(0x1000, 0x9000)]);
        set.remove(Range {
            start: 0x3000,
            end: 0x4000,
        });
        check(&set, &[(0x1000, 0x3000), (0x4000, 0x9000)]);
        set.remove(Range {
            start: 0,
            end: 0x20000,
        });
        check(&set, &[]);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let set = ranges(
            &(0..20)
                .map(|i| (i * 0x2000, i * 0x2000 + 0x1000))
                .collect::<Vec<_>>(),
        );
        assert_eq!(set.as_slice().len(), 8);
    }
}
