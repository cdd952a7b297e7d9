//! Free memory.

use ringwall_abi::{Mfn, PAGE_SHIFT};

use super::claim::{Claim, ClaimError};
use super::error::Error;
use super::list::List;
use super::machine::Machine;

/// The largest block: 2^18 frames, 1 GiB.
pub const MAX_ORDER: u16 = 18;

const ORDERS: usize = MAX_ORDER as usize + 1;

/// Zone `z` holds the frames whose numbers have `z` bits, so an address limit is a zone limit. No
/// block crosses a border, as long as frame 0 is none of ours.
const ZONES: usize = 33;

/// 2^`order` frames that nobody owns, aligned to their size.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a block that is dropped is lost"]
pub struct Block {
    mfn: Mfn,
    order: u16,
}

impl Block {
    pub(super) const fn forge(mfn: Mfn, order: u16) -> Self {
        Self { mfn, order }
    }

    /// The first frame.
    #[must_use]
    pub const fn mfn(&self) -> Mfn {
        self.mfn
    }

    /// log2 of the number of frames, 0..=[`MAX_ORDER`].
    #[must_use]
    pub const fn order(&self) -> u16 {
        self.order
    }

    /// The frames.
    pub fn frames(&self) -> impl Iterator<Item = Mfn> + use<> {
        let first = self.mfn.raw();
        (first..first + (1 << self.order)).map(Mfn::new)
    }

    /// Halves the block; `None` where it is one frame.
    pub fn split(self) -> Result<(Self, Self), Self> {
        let Some(order) = self.order.checked_sub(1) else {
            return Err(self);
        };
        let upper = Mfn::new(self.mfn.raw() + (1 << order));
        Ok((
            Self {
                mfn: self.mfn,
                order,
            },
            Self { mfn: upper, order },
        ))
    }
}

/// The buddy allocator. One for the machine, behind one lock, the innermost of this module.
///
/// Free blocks are linked through the books of their first frames. Allocation and freeing take
/// steps bounded by the number of zones and orders.
#[derive(Debug)]
pub struct Buddy {
    lists: [[List; ORDERS]; ZONES],
    /// For each zone, a bit for each order that has blocks.
    filled: [u32; ZONES],
    free_frames: u64,
    /// The sum of all claims; at most `free_frames`.
    claimed_frames: u64,
}

impl Default for Buddy {
    fn default() -> Self {
        Self::new()
    }
}

impl Buddy {
    /// No memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lists: [[List::new(); ORDERS]; ZONES],
            filled: [0; ZONES],
            free_frames: 0,
            claimed_frames: 0,
        }
    }

    /// How many frames are free, claimed or not.
    #[must_use]
    pub const fn free_frames(&self) -> u64 {
        self.free_frames
    }

    /// How many of them are set aside for domains.
    #[must_use]
    pub const fn claimed_frames(&self) -> u64 {
        self.claimed_frames
    }

    /// Sets frames aside; with none gives up what was.
    ///
    /// # Errors
    /// [`ClaimError::Claimed`], [`ClaimError::NoMemory`].
    pub const fn claim(&mut self, claim: &mut Claim, frames: u64) -> Result<(), ClaimError> {
        if frames == 0 {
            self.claimed_frames -= claim.frames();
        } else if claim.frames() != 0 {
            return Err(ClaimError::Claimed);
        } else if frames > self.free_frames - self.claimed_frames {
            return Err(ClaimError::NoMemory);
        } else {
            self.claimed_frames += frames;
        }
        claim.set(frames);
        Ok(())
    }

    /// Makes frames free that the firmware says are RAM and that are in use by nobody: private, and
    /// each added once. Frame 0 is left out, and what lies past 16 TiB. How many were added.
    pub fn add<M: Machine>(&mut self, machine: &M, first: Mfn, count: u64) -> u64 {
        let before = self.free_frames;
        let mut at = first.raw().max(1);
        let end = first.raw().saturating_add(count).min(u64::from(u32::MAX));
        while at < end {
            let aligned = at.trailing_zeros();
            let fits = (end - at).ilog2();
            let order = aligned.min(fits).min(u32::from(MAX_ORDER));
            if machine.frame(Mfn::new(at)).is_some() {
                #[expect(clippy::cast_possible_truncation, reason = "at most MAX_ORDER")]
                self.free(
                    machine,
                    Block {
                        mfn: Mfn::new(at),
                        order: order as u16,
                    },
                );
            }
            at += 1 << order;
        }
        self.free_frames - before
    }

    /// Takes 2^`order` frames whose addresses have at most `address_bits` bits; 64 for any. The
    /// highest memory goes first. The contents are anything:
    /// [`Memory::clean`](super::Memory::clean) before a guest may have them.
    ///
    /// # Errors
    /// [`Error::NoMemory`], also for an order past [`MAX_ORDER`], and where the rest is claimed.
    pub fn allocate<M: Machine>(
        &mut self,
        machine: &M,
        order: u16,
        address_bits: u32,
    ) -> Result<Block, Error> {
        let mut nothing = Claim::NONE;
        self.allocate_for(machine, &mut nothing, order, address_bits)
    }

    /// The same for a domain: its claim goes first, and shrinks.
    ///
    /// # Errors
    /// Those of [`allocate`](Self::allocate); the claim is as it was.
    pub fn allocate_for<M: Machine>(
        &mut self,
        machine: &M,
        claim: &mut Claim,
        order: u16,
        address_bits: u32,
    ) -> Result<Block, Error> {
        if order > MAX_ORDER {
            return Err(Error::NoMemory);
        }
        let claimed = claim.frames().min(1 << order);
        if self.free_frames - self.claimed_frames < (1 << order) - claimed {
            return Err(Error::NoMemory);
        }
        let block = self.take(machine, order, address_bits)?;
        claim.set(claim.frames() - claimed);
        self.claimed_frames -= claimed;
        Ok(block)
    }

    /// Takes 2^`order` frames off the lists, whoever claims them.
    fn take<M: Machine>(
        &mut self,
        machine: &M,
        order: u16,
        address_bits: u32,
    ) -> Result<Block, Error> {
        let frame_bits = address_bits.saturating_sub(PAGE_SHIFT) as usize;
        let allowed = self.filled.iter().take(frame_bits.saturating_add(1));
        let (zone, available) = allowed
            .enumerate()
            .rev()
            .map(|(zone, filled)| (zone, filled >> order << order))
            .find(|&(_, available)| available != 0)
            .ok_or(Error::NoMemory)?;
        let found = u16::try_from(available.trailing_zeros()).map_err(|_| Error::NoMemory)?;
        let mfn = self
            .list(zone, found)
            .and_then(|list| list.first())
            .ok_or(Error::NoMemory)?;
        self.unlink(machine, mfn, found);
        self.free_frames -= 1 << found;
        let mut block = Block { mfn, order: found };
        while block.order > order {
            let (lower, upper) = block.split().map_err(|_| Error::NoMemory)?;
            self.free(machine, lower);
            block = upper;
        }
        Ok(block)
    }

    /// Takes a block back, and joins it with its neighbours.
    pub fn free<M: Machine>(&mut self, machine: &M, block: Block) {
        let Block { mut mfn, mut order } = block;
        self.free_frames += 1 << order;
        while order < MAX_ORDER {
            let neighbour = Mfn::new(mfn.raw() ^ (1 << order));
            let free = machine.frame(neighbour).and_then(super::Frame::free_order);
            if free != Some(order) {
                break;
            }
            self.unlink(machine, neighbour, order);
            mfn = mfn.min(neighbour);
            order += 1;
        }
        let Some(frame) = machine.frame(mfn) else {
            return;
        };
        frame.set_free(order);
        let zone = zone_of(mfn);
        if let Some(list) = self.list(zone, order) {
            list.push(machine, mfn, frame);
        }
        if let Some(filled) = self.filled.get_mut(zone) {
            *filled |= 1 << order;
        }
    }

    fn list(&mut self, zone: usize, order: u16) -> Option<&mut List> {
        self.lists.get_mut(zone)?.get_mut(usize::from(order))
    }

    fn unlink<M: Machine>(&mut self, machine: &M, mfn: Mfn, order: u16) {
        let zone = zone_of(mfn);
        let Some(frame) = machine.frame(mfn) else {
            return;
        };
        frame.clear_free();
        let Some(list) = self.list(zone, order) else {
            return;
        };
        List::remove(core::slice::from_mut(list), machine, mfn, frame);
        if list.is_empty()
            && let Some(filled) = self.filled.get_mut(zone)
        {
            *filled &= !(1 << order);
        }
    }
}

const fn zone_of(mfn: Mfn) -> usize {
    (u64::BITS - mfn.raw().leading_zeros()) as usize
}
