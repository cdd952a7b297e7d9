//! Which references are free.

use alloc::vec::Vec;

use ringwall_abi::grant_table::RESERVED_ENTRIES;

/// Free references of a table that grows: those that were given back, and all from `next` to `end`.
#[derive(Debug)]
pub(super) struct References {
    returned: Vec<u32>,
    next: u32,
    end: u32,
}

impl References {
    /// None, as long as the table has no entries. The first are the toolstack's.
    pub(super) const fn new() -> Self {
        Self {
            returned: Vec::new(),
            next: RESERVED_ENTRIES,
            end: RESERVED_ENTRIES,
        }
    }

    /// Takes note that the table has so many entries now.
    pub(super) fn grow_to(&mut self, entries: u32) {
        self.end = self.end.max(entries);
    }

    /// Takes a reference; `None` where the table is full.
    pub(super) fn take(&mut self) -> Option<u32> {
        if let Some(reference) = self.returned.pop() {
            return Some(reference);
        }
        let reference = self.next;
        (reference < self.end).then(|| {
            self.next += 1;
            reference
        })
    }

    /// Gives a reference back.
    pub(super) fn give(&mut self, reference: u32) {
        // Where memory is used up, the reference is lost, and nothing else.
        if self.returned.try_reserve(1).is_ok() {
            self.returned.push(reference);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_toolstacks_entries_are_never_taken() {
        let mut references = References::new();
        assert_eq!(references.take(), None);
        references.grow_to(RESERVED_ENTRIES + 1);
        assert_eq!(references.take(), Some(RESERVED_ENTRIES));
        assert_eq!(references.take(), None);
    }

    proptest! {
        #[test]
        fn a_reference_is_taken_once(turns in prop::collection::vec(any::<bool>(), 1..200)) {
            let mut references = References::new();
            let mut taken = BTreeSet::new();
            for take in turns {
                if take {
                    match references.take() {
                        Some(reference) => prop_assert!(taken.insert(reference)),
                        None => {
                            let count = u32::try_from(taken.len()).unwrap();
                            references.grow_to(RESERVED_ENTRIES + count + 7);
                        },
                    }
                } else if let Some(reference) = taken.pop_first() {
                    references.give(reference);
                }
            }
        }
    }
}
