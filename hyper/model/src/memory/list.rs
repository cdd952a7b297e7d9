//! Lists of frames, linked through their books.

use core::sync::atomic::Ordering;

use ringwall_abi::Mfn;

use super::frame::Frame;
use super::machine::Machine;

/// The end of a list; a frame of this number (at 16 TiB) can't be on one.
const NIL: u32 = u32::MAX;

/// A doubly linked list. Whoever owns it holds its lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    head: u32,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { head: NIL }
    }

    pub(super) fn first(&self) -> Option<Mfn> {
        (self.head != NIL).then(|| Mfn::new(u64::from(self.head)))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.head == NIL
    }

    /// Whether a frame's number fits a link.
    pub(super) fn holds(mfn: Mfn) -> bool {
        mfn.raw() < u64::from(NIL)
    }

    pub(super) fn push<M: Machine>(&mut self, machine: &M, mfn: Mfn, frame: &Frame) {
        let Some(link) = u32::try_from(mfn.raw()).ok().filter(|&link| link != NIL) else {
            return;
        };
        frame.previous.store(NIL, Ordering::Relaxed);
        frame.next.store(self.head, Ordering::Relaxed);
        if let Some(head) = neighbour(machine, self.head) {
            head.previous.store(link, Ordering::Relaxed);
        }
        self.head = link;
    }

    /// Takes a frame off the list that it is on: one of `lists`.
    pub(super) fn remove<M: Machine>(lists: &mut [Self], machine: &M, mfn: Mfn, frame: &Frame) {
        let next = frame.next.load(Ordering::Relaxed);
        let previous = frame.previous.load(Ordering::Relaxed);
        if let Some(after) = neighbour(machine, next) {
            after.previous.store(previous, Ordering::Relaxed);
        }
        match neighbour(machine, previous) {
            Some(before) => before.next.store(next, Ordering::Relaxed),
            None => {
                let of_this = |list: &&mut Self| u64::from(list.head) == mfn.raw();
                if let Some(list) = lists.iter_mut().find(of_this) {
                    list.head = next;
                }
            }
        }
    }
}

fn neighbour<M: Machine>(machine: &M, link: u32) -> Option<&Frame> {
    if link == NIL {
        None
    } else {
        machine.frame(Mfn::new(u64::from(link)))
    }
}
