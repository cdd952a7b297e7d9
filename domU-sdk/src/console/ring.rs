//! The ring of an unprivileged domain's console.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use ringwall_abi::Port;
use ringwall_abi::io::console::ConsoleRing;

use crate::hypercall;
use crate::raw::page::SharedPage;
use crate::time;

const IN_CONS: usize = offset_of!(ConsoleRing, in_cons);
const IN_PROD: usize = offset_of!(ConsoleRing, in_prod);
const OUT_CONS: usize = offset_of!(ConsoleRing, out_cons);
const OUT_PROD: usize = offset_of!(ConsoleRing, out_prod);
const INPUT: usize = offset_of!(ConsoleRing, input);
const OUTPUT: usize = offset_of!(ConsoleRing, output);

/// How long to wait for a reader, in nanoseconds: a console without one must not stop the guest.
const PATIENCE_NS: u64 = 1_000_000_000;

/// Both directions of a console.
#[derive(Debug)]
pub(super) struct Ring {
    page: SharedPage,
    port: Port,
}

impl Ring {
    /// The ring in this page, with its event channel.
    pub(super) const fn new(page: SharedPage, port: Port) -> Self {
        Self { page, port }
    }

    pub(super) const fn port(&self) -> Port {
        self.port
    }

    /// Writes bytes; waits for room, and drops the rest where none comes.
    pub(super) fn write(&self, mut bytes: &[u8]) {
        let mut patience = Patience::new();
        while !bytes.is_empty() {
            let written = self.put(bytes);
            bytes = bytes.get(written..).unwrap_or_default();
            if written > 0 {
                self.notify();
                patience = Patience::new();
            } else if !patience.wait() {
                return;
            }
        }
    }

    /// Waits until all is read.
    pub(super) fn drain(&self) {
        let mut patience = Patience::new();
        while self.unread() > 0 && patience.wait() {}
    }

    /// Reads what there is.
    pub(super) fn read(&self, buffer: &mut [u8]) -> usize {
        let consumer = self.page.u32(IN_CONS).load(Ordering::Relaxed);
        let producer = self.page.u32(IN_PROD).load(Ordering::Acquire);
        // The other side's word: never more than the ring holds.
        let waiting = (producer.wrapping_sub(consumer) as usize).min(ConsoleRing::INPUT_SIZE);
        let count = waiting.min(buffer.len());
        let mut index = consumer;
        for byte in buffer.iter_mut().take(count) {
            let place = index as usize % ConsoleRing::INPUT_SIZE;
            *byte = self.page.u8(INPUT + place).load(Ordering::Relaxed);
            index = index.wrapping_add(1);
        }
        if count > 0 {
            self.page.u32(IN_CONS).store(index, Ordering::Release);
            self.notify();
        }
        count
    }

    /// Bytes that the other side has not read.
    fn unread(&self) -> usize {
        let consumer = self.page.u32(OUT_CONS).load(Ordering::Acquire);
        let producer = self.page.u32(OUT_PROD).load(Ordering::Relaxed);
        (producer.wrapping_sub(consumer) as usize).min(ConsoleRing::OUTPUT_SIZE)
    }

    /// Writes what there is room for.
    fn put(&self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(ConsoleRing::OUTPUT_SIZE - self.unread());
        let mut index = self.page.u32(OUT_PROD).load(Ordering::Relaxed);
        for byte in bytes.iter().take(count) {
            let place = index as usize % ConsoleRing::OUTPUT_SIZE;
            self.page.u8(OUTPUT + place).store(*byte, Ordering::Relaxed);
            index = index.wrapping_add(1);
        }
        self.page.u32(OUT_PROD).store(index, Ordering::Release);
        count
    }

    fn notify(&self) {
        // A port that is closed has nobody behind it: bytes then wait for who comes.
        let _ = hypercall::event_send(self.port);
    }
}

/// A wait that ends.
struct Patience {
    until_ns: Option<u64>,
}

impl Patience {
    const fn new() -> Self {
        Self { until_ns: None }
    }

    /// Lets others run; false when it has lasted long enough.
    fn wait(&mut self) -> bool {
        let now = time::monotonic_ns();
        let until = *self.until_ns.get_or_insert(now + PATIENCE_NS);
        hypercall::yield_now();
        now < until
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use proptest::prelude::*;

    use super::*;

    fn ring() -> Ring {
        Ring::new(SharedPage::zeroed().unwrap(), Port::new(1))
    }

    fn set(ring: &Ring, index: usize, value: u32) {
        ring.page.u32(index).store(value, Ordering::Relaxed);
    }

    fn get(ring: &Ring, index: usize) -> u32 {
        ring.page.u32(index).load(Ordering::Relaxed)
    }

    #[test]
    fn what_is_put_lies_in_the_ring_also_around_its_end() {
        let ring = ring();
        for start in [0, 2040, u32::MAX - 3] {
            set(&ring, OUT_CONS, start);
            set(&ring, OUT_PROD, start);
            assert_eq!(ring.put(b"good day"), 8);
            assert_eq!(ring.unread(), 8);
            let text: std::vec::Vec<u8> = (0..8)
                .map(|index| {
                    let place = start.wrapping_add(index) as usize % ConsoleRing::OUTPUT_SIZE;
                    ring.page.u8(OUTPUT + place).load(Ordering::Relaxed)
                })
                .collect();
            assert_eq!(text, b"good day");
        }
    }

    #[test]
    fn a_full_ring_takes_no_more() {
        let ring = ring();
        let much = [b'x'; ConsoleRing::OUTPUT_SIZE + 1];
        assert_eq!(ring.put(&much), ConsoleRing::OUTPUT_SIZE);
        assert_eq!(ring.put(b"y"), 0);
        set(&ring, OUT_CONS, 1);
        assert_eq!(ring.put(b"yz"), 1);
    }

    proptest! {
        /// The indices are the back end's to write, or to lie with: what is read and written stays in the
        /// page, no more is read than the ring holds, and the guest's own index moves by what it did.
        #[test]
        fn a_back_end_that_lies_is_survived(
            indices: [u32; 4],
            turns in prop::collection::vec((0_usize..4, any::<u32>(), 0_usize..3000), 1..40),
        ) {
            let places = [IN_CONS, IN_PROD, OUT_CONS, OUT_PROD];
            let ring = ring();
            for (place, value) in places.into_iter().zip(indices) {
                set(&ring, place, value);
            }
            for (index, value, length) in turns {
                set(&ring, places[index], value);
                let before = (get(&ring, IN_CONS), get(&ring, OUT_PROD));
                let mut buffer = std::vec![0; length];
                let read = ring.read(&mut buffer);
                prop_assert!(read <= length.min(ConsoleRing::INPUT_SIZE));
                prop_assert_eq!(get(&ring, IN_CONS), before.0.wrapping_add(u32::try_from(read).unwrap()));
                let written = ring.put(&buffer);
                prop_assert!(written <= length.min(ConsoleRing::OUTPUT_SIZE));
                prop_assert_eq!(get(&ring, OUT_PROD), before.1.wrapping_add(u32::try_from(written).unwrap()));
                prop_assert!(ring.unread() <= ConsoleRing::OUTPUT_SIZE);
            }
        }
    }
}
