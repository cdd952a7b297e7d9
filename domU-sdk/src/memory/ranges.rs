//! Free ranges of numbers.

use alloc::vec::Vec;
use core::ops::Range;

/// Numbers that can be had, in ranges: sorted, disjoint, none of them empty or next to another.
#[derive(Debug)]
pub(crate) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// None, so far.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes so many in a row: the first number; `None` where there is no such range.
    pub(crate) fn take(&mut self, count: u64) -> Option<u64> {
        if count == 0 {
            return None;
        }
        let index = self
            .0
            .iter()
            .position(|range| range.end - range.start >= count)?;
        let range = self.0.get_mut(index)?;
        let start = range.start;
        range.start += count;
        if range.is_empty() {
            self.0.remove(index);
        }
        Some(start)
    }

    /// Gives numbers back, or adds them. Those that are free already are passed over.
    pub(crate) fn give(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        self.0.retain(|other| {
            let apart = other.end < start || end < other.start;
            if !apart {
                start = start.min(other.start);
                end = end.max(other.end);
            }
            apart
        });
        let index = self.0.partition_point(|other| other.start < start);
        self.0.insert(index, start..end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_become_one() {
        let mut ranges = Ranges::new();
        ranges.give(0..4);
        ranges.give(8..12);
        assert_eq!(ranges.take(8), None);
        ranges.give(4..8);
        assert_eq!(ranges.take(12), Some(0));
        assert_eq!(ranges.take(1), None);
        assert_eq!(ranges.take(0), None);
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_once(sizes in prop::collection::vec(1_u64..9, 1..40)) {
            let mut ranges = Ranges::new();
            ranges.give(0..100);
            let mut taken: Vec<Range<u64>> = Vec::new();
            for (turn, size) in sizes.iter().enumerate() {
                if turn % 3 == 2 && !taken.is_empty() {
                    ranges.give(taken.swap_remove(turn % taken.len()));
                }
                let Some(start) = ranges.take(*size) else { continue };
                let new = start..start + size;
                prop_assert!(new.end <= 100);
                for other in &taken {
                    prop_assert!(new.end <= other.start || other.end <= new.start);
                }
                taken.push(new);
            }
            for range in taken {
                ranges.give(range);
            }
            prop_assert_eq!(ranges.take(100), Some(0));
        }
    }
}
