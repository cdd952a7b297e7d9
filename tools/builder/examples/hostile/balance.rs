//! What the machine has that is no domain's.

use std::fmt;

use ringwall_abi::ringwall::{HeapStatistics, Reply, Request};
use ringwall_control::Hypervisor;

use crate::Outcome;

/// Free pages, and the hypervisor's own.
#[derive(Clone, Copy)]
pub(crate) struct Balance {
    free: u64,
    /// Nothing on Xen, which does not tell.
    heap: HeapStatistics,
}

impl Balance {
    pub(crate) fn of(hypervisor: &Hypervisor) -> Outcome<Self> {
        let heap = match hypervisor.ask(&Request::Heap)? {
            Some(Reply::Heap(heap)) => heap,
            _ => HeapStatistics::default(),
        };
        let free = hypervisor.machine()?.free_pages;
        Ok(Self { free, heap })
    }

    /// Whether nothing was lost in between: no page, and no byte of the hypervisor's heap.
    ///
    /// Its pages may be one more or less: a piece that stays, as of a domain's seat, holds the page that it
    /// happened to be cut from, full or not. How many bytes are in use does not hang on that.
    pub(crate) const fn is_even_with(&self, before: &Self) -> bool {
        self.free + self.heap.frames == before.free + before.heap.frames
            && self.heap.bytes == before.heap.bytes
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeapStatistics { frames, bytes } = self.heap;
        write!(
            f,
            "{} pages free and {frames} the hypervisor's, with {bytes} bytes in use",
            self.free
        )
    }
}
