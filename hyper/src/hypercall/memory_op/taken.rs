//! Frames on their way from a domain.

use alloc::vec::Vec;

use ringwall_abi::{Errno, Mfn, Pfn};
use ringwall_hw::memory::frames;
use ringwall_model::memory::{Block, CleanBlock, Error, Machine};

use super::order::Order;
use crate::domain::Domain;
use crate::hypercall::{Result, Stop};
use crate::machine::{MACHINE, memory};
use crate::pool;

/// Frames that were taken from a domain. Dropped, they go back to it, with what is in them and
/// with their entries in the machine-to-physical table.
pub(super) struct Taken {
    domain: &'static Domain,
    frames: Vec<(Block, Option<Pfn>)>,
}

impl Taken {
    /// Nothing yet, and room for `frames`.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn with_room(domain: &'static Domain, frames: u64) -> Result<Self> {
        let mut room = Vec::new();
        let count = usize::try_from(frames).map_err(|_| Errno::ENOMEM)?;
        room.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
        Ok(Self {
            domain,
            frames: room,
        })
    }

    /// Takes an extent, which nothing may refer to any more but its allocation.
    ///
    /// # Errors
    /// `EINVAL` where a frame is not the domain's, `EBUSY` where it is in use, `ENOMEM` beyond the
    /// room; the frames before it have been taken.
    pub(super) fn take(&mut self, first: Mfn, order: Order) -> Result<()> {
        for offset in 0..order.frames() {
            if self.frames.len() == self.frames.capacity() {
                return Err(Errno::ENOMEM.into());
            }
            let mfn = first.checked_add(offset).ok_or(Errno::EINVAL)?;
            let pfn = frames::read_m2p(mfn).map(Pfn::new);
            let block = memory().steal(mfn, self.domain.id())?;
            self.frames.push((block, pfn));
        }
        Ok(())
    }

    /// Gives them to the pool: from here on they are nobody's.
    pub(super) fn release(&mut self) {
        for (block, _) in self.frames.drain(..) {
            pool::free(block);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        // They keep what is in them but lose their history, so no TLB may remember them.
        MACHINE.flush_since(MACHINE.tlb_now());
        for (block, pfn) in self.frames.drain(..) {
            if let Ok(mfn) = assign_in_exchange(self.domain, memory().adopt(block)) {
                MACHINE.set_m2p(mfn, pfn);
            }
        }
    }
}

/// Gives a domain frames in place of as many that were taken from it. Its limit does not count:
/// another of its virtual CPUs may have filled the gap, and only once, for the domain is over its
/// limit then.
///
/// # Errors
/// `EINVAL` where the domain is dying; the block has gone to the pool.
pub(super) fn assign_in_exchange(domain: &Domain, block: CleanBlock) -> Result<Mfn> {
    let mut accounts = domain.memory().lock();
    let limit = accounts.max_pages();
    accounts.set_max_pages(u64::MAX);
    let outcome = accounts.assign(&MACHINE, block, None);
    accounts.set_max_pages(limit);
    drop(accounts);
    outcome.map_err(to_pool)
}

/// Gives a domain frames beyond those that it has, at a place among them or at none.
///
/// # Errors
/// `EINVAL` where the domain is dying, `ENOMEM` at its limit; the block has gone to the pool.
pub(super) fn assign(domain: &Domain, block: CleanBlock, place: Option<Pfn>) -> Result<Mfn> {
    let mut accounts = domain.memory().lock();
    let outcome = accounts.assign(&MACHINE, block, place);
    drop(accounts);
    outcome.map_err(to_pool)
}

fn to_pool((error, block): (Error, CleanBlock)) -> Stop {
    pool::free(block.into_block());
    error.into()
}
