//! A console's page: two rings that the domain may scribble over at any time.

use std::sync::atomic::{AtomicU32, Ordering};

use ringwall_abi::io::console::ConsoleRing;
use ringwall_control::SharedMemory;

use core::mem::offset_of;

const INPUT: usize = offset_of!(ConsoleRing, input);
const OUTPUT: usize = offset_of!(ConsoleRing, output);
const IN_CONS: usize = offset_of!(ConsoleRing, in_cons);
const IN_PROD: usize = offset_of!(ConsoleRing, in_prod);
const OUT_CONS: usize = offset_of!(ConsoleRing, out_cons);
const OUT_PROD: usize = offset_of!(ConsoleRing, out_prod);

/// What the rings lie in.
pub(super) trait Page: Send {
    /// An index.
    fn index(&self, offset: usize) -> Option<&AtomicU32>;
    /// Copies bytes out.
    fn read(&self, offset: usize, into: &mut [u8]);
    /// Copies bytes in.
    fn write(&self, offset: usize, bytes: &[u8]);
}

impl Page for SharedMemory {
    fn index(&self, offset: usize) -> Option<&AtomicU32> {
        self.u32_at(offset).ok()
    }

    fn read(&self, offset: usize, into: &mut [u8]) {
        // All places lie in the page.
        let _ = Self::read(self, offset, into);
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        let _ = Self::write(self, offset, bytes);
    }
}

/// The daemon's end. Its own indices count; the domain's copies of them are written and never read.
pub(super) struct Ring<P> {
    page: P,
    out_cons: u32,
    in_prod: u32,
}

impl<P: Page> Ring<P> {
    /// Goes on where the page says that this end was.
    pub(super) fn new(page: P) -> Self {
        let load = |offset| {
            page.index(offset)
                .map_or(0, |index| index.load(Ordering::Acquire))
        };
        let (out_cons, in_prod) = (load(OUT_CONS), load(IN_PROD));
        Self {
            page,
            out_cons,
            in_prod,
        }
    }

    /// Goes on where a predecessor wrote down that it was, whatever the page says.
    pub(super) fn go_on(&mut self, out_cons: u32) {
        self.out_cons = out_cons;
        self.consume(0);
    }

    /// The index behind `length` bytes of output that come next.
    pub(super) fn behind(&self, length: usize) -> u32 {
        self.out_cons
            .wrapping_add(u32::try_from(length).unwrap_or(0))
    }

    /// Appends what the domain wrote, at most `limit` bytes. They stay in the ring until [`Ring::consume`].
    pub(super) fn output(&mut self, into: &mut Vec<u8>, limit: usize) {
        let Some(index) = self.page.index(OUT_PROD) else {
            return;
        };
        let written = index.load(Ordering::Acquire).wrapping_sub(self.out_cons);
        let mut length = usize::try_from(written).unwrap_or(usize::MAX);
        if length > ConsoleRing::OUTPUT_SIZE {
            // No domain writes more than the ring holds: the index is nonsense, and what it says is passed over.
            self.out_cons = self.out_cons.wrapping_add(written);
            length = 0;
        }
        let mut place = self.out_cons;
        let mut left = length.min(limit);
        while left > 0 {
            let start = place as usize % ConsoleRing::OUTPUT_SIZE;
            let run = left.min(ConsoleRing::OUTPUT_SIZE - start);
            let old = into.len();
            into.resize(old + run, 0);
            self.page
                .read(OUTPUT + start, into.get_mut(old..).unwrap_or_default());
            place = place.wrapping_add(u32::try_from(run).unwrap_or(0));
            left -= run;
        }
    }

    /// Lets the domain have the room of so many bytes.
    pub(super) fn consume(&mut self, length: usize) {
        self.out_cons = self.behind(length);
        if let Some(index) = self.page.index(OUT_CONS) {
            index.store(self.out_cons, Ordering::Release);
        }
    }

    /// Hands the domain as much input as there is room for; how much that was.
    pub(super) fn input(&mut self, bytes: &[u8]) -> usize {
        let Some(index) = self.page.index(IN_CONS) else {
            return 0;
        };
        let waiting = self.in_prod.wrapping_sub(index.load(Ordering::Acquire));
        let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
        // A nonsensical index leaves no room: the domain hurts itself.
        let room = ConsoleRing::INPUT_SIZE.saturating_sub(waiting);
        let bytes = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        for byte in bytes {
            let start = self.in_prod as usize % ConsoleRing::INPUT_SIZE;
            self.page.write(INPUT + start, std::slice::from_ref(byte));
            self.in_prod = self.in_prod.wrapping_add(1);
        }
        if let Some(index) = self.page.index(IN_PROD) {
            index.store(self.in_prod, Ordering::Release);
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::UnsafeCell;
    use std::sync::Mutex;

    /// A page of the test's own: indices as atomics, bytes behind a lock.
    struct TestPage {
        bytes: Mutex<Vec<u8>>,
        indices: [AtomicU32; 4],
        _not_sync: UnsafeCell<()>,
    }

    impl TestPage {
        fn new() -> Self {
            Self {
                bytes: Mutex::new(vec![0; 4096]),
                indices: [const { AtomicU32::new(0) }; 4],
                _not_sync: UnsafeCell::new(()),
            }
        }
    }

    impl Page for TestPage {
        fn index(&self, offset: usize) -> Option<&AtomicU32> {
            self.indices.get((offset - IN_CONS) / 4)
        }

        fn read(&self, offset: usize, into: &mut [u8]) {
            let bytes = self.bytes.lock().unwrap();
            into.copy_from_slice(&bytes[offset..offset + into.len()]);
        }

        fn write(&self, offset: usize, from: &[u8]) {
            self.bytes.lock().unwrap()[offset..offset + from.len()].copy_from_slice(from);
        }
    }

    fn guest_writes(ring: &Ring<TestPage>, text: &[u8]) {
        for byte in text {
            let index = ring.page.index(OUT_PROD).unwrap();
            let place = index.load(Ordering::Relaxed);
            ring.page.write(OUTPUT + place as usize % 2048, &[*byte]);
            index.store(place.wrapping_add(1), Ordering::Release);
        }
    }

    #[test]
    fn bytes_come_out_in_order_across_the_end() {
        let page = TestPage::new();
        for index in [OUT_CONS, OUT_PROD] {
            page.index(index)
                .unwrap()
                .store(u32::MAX - 1, Ordering::Relaxed);
        }
        let mut ring = Ring::new(page);
        guest_writes(&ring, b"hello");
        let mut found = Vec::new();
        ring.output(&mut found, 3);
        assert_eq!(found, b"hel");
        ring.consume(3);
        ring.output(&mut found, 99);
        assert_eq!(found, b"hello");
    }

    #[test]
    fn nonsense_in_the_page_reads_as_nothing() {
        let mut ring = Ring::new(TestPage::new());
        ring.page
            .index(OUT_PROD)
            .unwrap()
            .store(5000, Ordering::Relaxed);
        let mut found = Vec::new();
        ring.output(&mut found, 99);
        assert_eq!(found, b"");
        // The ring works again from there on.
        guest_writes(&ring, b"x");
        ring.output(&mut found, 99);
        assert_eq!(found, b"x");
        ring.page
            .index(IN_CONS)
            .unwrap()
            .store(77, Ordering::Relaxed);
        assert_eq!(ring.input(b"x"), 0);
    }

    #[test]
    fn input_stops_where_the_ring_is_full() {
        let mut ring = Ring::new(TestPage::new());
        assert_eq!(ring.input(&[1; 2000]), 1024);
        assert_eq!(ring.input(&[1; 1]), 0);
        ring.page
            .index(IN_CONS)
            .unwrap()
            .store(1, Ordering::Relaxed);
        assert_eq!(ring.input(&[1; 2]), 1);
    }
}
