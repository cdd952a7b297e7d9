//! A heap of numbered things by a key: timers by deadline, virtual CPUs by virtual time.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// No memory for the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// A min-heap of the numbers `0..capacity`, each in it at most once, under a key.
///
/// Memory is taken once, at construction. Entering, leaving and changing the key are O(log n),
/// the first is O(1). Numbers out of range are never in the heap and don't get in.
///
/// As a timer queue the numbers are timers and the keys deadlines in ns.
#[derive(Debug)]
pub struct Heap {
    /// The numbers, the smallest key first: children of `i` at `2i + 1` and `2i + 2`.
    order: Vec<u32>,
    /// Each number's place in `order` and its key.
    entries: Box<[Entry]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: u32,
    key: u64,
}

const NOWHERE: u32 = u32::MAX;

impl Heap {
    /// An empty heap for the numbers `0..capacity`.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn new(capacity: u32) -> Result<Self, OutOfMemory> {
        let size = usize::try_from(capacity).map_err(|_| OutOfMemory)?;
        let (mut order, mut entries) = (Vec::new(), Vec::new());
        order.try_reserve_exact(size).map_err(|_| OutOfMemory)?;
        entries.try_reserve_exact(size).map_err(|_| OutOfMemory)?;
        entries.resize(
            size,
            Entry {
                place: NOWHERE,
                key: 0,
            },
        );
        Ok(Self {
            order,
            entries: entries.into_boxed_slice(),
        })
    }

    /// How many are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The number with the smallest key, and the key.
    #[must_use]
    pub fn first(&self) -> Option<(u32, u64)> {
        let number = *self.order.first()?;
        Some((number, self.key(number)?))
    }

    /// A number's key, if it is in the heap.
    #[must_use]
    pub fn key(&self, number: u32) -> Option<u64> {
        let entry = self.entries.get(number as usize)?;
        (entry.place != NOWHERE).then_some(entry.key)
    }

    /// Puts a number in, or changes its key. False where the number is out of range.
    pub fn set(&mut self, number: u32, key: u64) -> bool {
        let Some(entry) = self.entries.get_mut(number as usize) else {
            return false;
        };
        entry.key = key;
        if entry.place == NOWHERE {
            // Capacity for all numbers was reserved: this does not allocate.
            let place = self.order.len();
            self.order.push(number);
            self.rise(place);
        } else {
            let place = entry.place as usize;
            let place = self.rise(place);
            self.sink(place);
        }
        true
    }

    /// Takes a number out; whether it was in.
    pub fn remove(&mut self, number: u32) -> bool {
        let Some(entry) = self.entries.get_mut(number as usize) else {
            return false;
        };
        if entry.place == NOWHERE {
            return false;
        }
        let place = core::mem::replace(&mut entry.place, NOWHERE) as usize;
        self.order.swap_remove(place);
        if place < self.order.len() {
            let place = self.rise(place);
            self.sink(place);
        }
        true
    }

    /// Takes out the first number if its key is at most `limit`: a timer that is due.
    pub fn pop_until(&mut self, limit: u64) -> Option<u32> {
        let (number, _) = self.first().filter(|(_, key)| *key <= limit)?;
        self.remove(number);
        Some(number)
    }

    /// The numbers in it with their keys, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.order
            .iter()
            .filter_map(|number| Some((*number, self.key(*number)?)))
    }

    /// Moves the number at `place` up to where it belongs; returns where that is.
    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.key_at(parent) <= self.key_at(place) {
                break;
            }
            self.swap(place, parent);
            place = parent;
        }
        self.note(place);
        place
    }

    /// Moves the number at `place` down to where it belongs.
    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let right = left + 1;
            let child = if self.key_at(right) < self.key_at(left) {
                right
            } else {
                left
            };
            if self.key_at(place) <= self.key_at(child) {
                break;
            }
            self.swap(place, child);
            place = child;
        }
        self.note(place);
    }

    /// The key at a place; past the end `None`, made larger than all keys.
    fn key_at(&self, place: usize) -> u128 {
        self.order
            .get(place)
            .and_then(|number| self.entries.get(*number as usize))
            .map_or(u128::MAX, |entry| u128::from(entry.key))
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.order.swap(a, b);
        self.note(a);
    }

    /// Writes down where the number at `place` is.
    fn note(&mut self, place: usize) {
        let Some(number) = self.order.get(place) else {
            return;
        };
        if let (Some(entry), Ok(place)) =
            (self.entries.get_mut(*number as usize), u32::try_from(place))
        {
            entry.place = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Heap;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, u64),
        Remove(u32),
        PopUntil(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0u32..18, 0u64..100).prop_map(|(number, key)| Step::Set(number, key)),
            2 => (0u32..18).prop_map(Step::Remove),
            1 => (0u64..100).prop_map(Step::PopUntil),
        ];
        prop::collection::vec(step, 0..100)
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(steps in steps()) {
            let mut heap = Heap::new(16).expect("memory");
            let mut map = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Set(number, key) => {
                        prop_assert_eq!(heap.set(number, key), number < 16);
                        if number < 16 {
                            map.insert(number, key);
                        }
                    }
                    Step::Remove(number) => {
                        prop_assert_eq!(heap.remove(number), map.remove(&number).is_some());
                    }
                    Step::PopUntil(limit) => {
                        let least = map.values().min().copied().filter(|key| *key <= limit);
                        let popped = heap.pop_until(limit);
                        prop_assert_eq!(popped.and_then(|number| map.remove(&number)), least);
                    }
                }
                prop_assert_eq!(heap.len(), map.len());
                prop_assert_eq!(heap.first().map(|(_, key)| key), map.values().min().copied());
                for number in 0..18 {
                    prop_assert_eq!(heap.key(number), map.get(&number).copied());
                }
            }
        }
    }

    #[test]
    fn the_largest_key_is_a_key() {
        let mut heap = Heap::new(3).expect("memory");
        for number in 0..3 {
            heap.set(number, u64::MAX);
        }
        assert_eq!(heap.pop_until(u64::MAX - 1), None);
        assert_eq!((0..3).filter_map(|_| heap.pop_until(u64::MAX)).count(), 3);
    }
}
