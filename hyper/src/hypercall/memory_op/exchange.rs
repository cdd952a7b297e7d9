//! Trading frames for others.

use alloc::vec::Vec;

use ringwall_abi::memory::MemoryExchange;
use ringwall_abi::{Errno, Mfn, Pfn};
use ringwall_model::memory::{CleanBlock, Machine};

use super::extents::Extents;
use super::taken::{Taken, assign_in_exchange};
use crate::hypercall::{Call, Result, Stop, read_element, write_element};
use crate::machine::{MACHINE, memory};
use crate::pool;

/// `XENMEM_exchange`: the frames of one list for frames of another order or below an address. The
/// new ones take the frame numbers in the other list, which are replaced by the machine's.
///
/// Groups of as many frames as the larger extent has are traded one after the other; a group is
/// traded as a whole or not at all. How many input extents are done stands in `nr_exchanged`, on
/// success, on failure and while the call is preempted.
///
/// # Errors
/// `EINVAL` where the lists do not match, an order is too large, or a frame is not the domain's;
/// `EBUSY` where a frame is in use; `ENOMEM`.
pub(super) fn exchange(call: &mut Call<'_>) -> Result {
    let mut request: MemoryExchange = call.read(1)?;
    let trade = Trade::decode(call, &request)?;
    while request.nr_exchanged < trade.input.count {
        let outcome = trade.group(request.nr_exchanged);
        if outcome.is_ok() {
            request.nr_exchanged += trade.inputs_per_group();
        }
        let left = request.nr_exchanged < trade.input.count;
        if outcome.is_err() || !left || MACHINE.should_preempt() {
            call.write(1, &request)?;
            outcome?;
            if left {
                return Err(Stop::Resume);
            }
        }
    }
    Ok(0)
}

/// A checked exchange.
struct Trade {
    input: Extents,
    output: Extents,
}

impl Trade {
    fn decode(call: &Call<'_>, request: &MemoryExchange) -> Result<Self> {
        let trade = Self {
            input: Extents::decode(call, &request.input)?,
            output: Extents::decode(call, &request.output)?,
        };
        let frames = |extents: &Extents| extents.count.checked_mul(extents.order.frames());
        let fits = request.input.domid == request.output.domid
            && frames(&trade.input).is_some()
            && frames(&trade.input) == frames(&trade.output)
            && request.nr_exchanged <= trade.input.count
            && request
                .nr_exchanged
                .is_multiple_of(trade.inputs_per_group());
        if fits {
            Ok(trade)
        } else {
            Err(Errno::EINVAL.into())
        }
    }

    fn frames_per_group(&self) -> u64 {
        self.input.order.max(self.output.order).frames()
    }

    fn inputs_per_group(&self) -> u64 {
        self.frames_per_group() / self.input.order.frames()
    }

    fn outputs_per_group(&self) -> u64 {
        self.frames_per_group() / self.output.order.frames()
    }

    /// Trades the group that begins with input extent `first`, a multiple of the group's.
    fn group(&self, first: u64) -> Result<()> {
        if self.frames_per_group() > 1 {
            // Also where they are zeroed one by one.
            MACHINE.look_soon();
        }
        let first_output = first / self.inputs_per_group() * self.outputs_per_group();
        let outputs = first_output..first_output + self.outputs_per_group();
        let mut fresh = Fresh::allocate(&self.output, outputs.clone())?;
        let mut taken = Taken::with_room(self.input.domain, self.frames_per_group())?;
        for index in first..first + self.inputs_per_group() {
            let mfn: Mfn = read_element(self.input.list, index)?;
            taken.take(mfn, self.input.order)?;
        }
        for ((block, _), index) in fresh.blocks.iter().zip(outputs) {
            write_element(self.output.list, index, &block.mfn())?;
        }
        // From here on nothing fails but for a domain that is dying.
        taken.release();
        fresh.assign(&self.output)
    }
}

/// New extents, each with the frame number it is to have. Dropped, they go to the pool.
struct Fresh {
    blocks: Vec<(CleanBlock, Pfn)>,
}

impl Fresh {
    fn allocate(extents: &Extents, range: core::ops::Range<u64>) -> Result<Self> {
        let mut fresh = Self { blocks: Vec::new() };
        let count = usize::try_from(range.end - range.start).map_err(|_| Errno::ENOMEM)?;
        fresh
            .blocks
            .try_reserve_exact(count)
            .map_err(|_| Errno::ENOMEM)?;
        for index in range {
            let pfn: Pfn = read_element(extents.list, index)?;
            pfn.checked_add(extents.order.frames())
                .ok_or(Errno::EINVAL)?;
            let block = pool::allocate_clean(extents.order.raw(), extents.address_bits())?;
            fresh.blocks.push((block, pfn));
        }
        Ok(fresh)
    }

    fn assign(&mut self, extents: &Extents) -> Result<()> {
        while let Some((block, pfn)) = self.blocks.pop() {
            let mfn = assign_in_exchange(extents.domain, block)?;
            for offset in 0..extents.order.frames() {
                if let (Some(mfn), Some(pfn)) = (mfn.checked_add(offset), pfn.checked_add(offset)) {
                    // It fails where another virtual CPU has given the frame back already.
                    let _ = memory().update_m2p(mfn, pfn, extents.domain.id());
                }
            }
        }
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        for (block, _) in self.blocks.drain(..) {
            pool::free(block.into_block());
        }
    }
}
