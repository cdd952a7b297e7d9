//! The machine's free memory.

extern crate alloc;

use alloc::vec::Vec;

use ringwall_abi::{Errno, Mfn, PAGE_SHIFT};
use ringwall_hw::heap::{self, FrameSource};
use ringwall_hw::memory::early::EarlyMemory;
use ringwall_model::memory::{Block, Buddy, ClaimError, CleanBlock, Error};
use spin::Mutex;

use crate::domain::Domain;
use crate::machine::{MACHINE, memory};

/// Lock order: after a domain's accounts and the heap's lists; a leaf.
static BUDDY: Mutex<Buddy> = Mutex::new(Buddy::new());

/// Memory before the frame table exists, for the hypervisor's own heap.
static EARLY: Mutex<Option<EarlyMemory>> = Mutex::new(None);

/// Lets the heap take from early memory.
pub(crate) fn begin(early: EarlyMemory) {
    *EARLY.lock() = Some(early);
    let take = |order| {
        EARLY
            .lock()
            .as_mut()?
            .take(4096u64 << order, 4096u64 << order)
    };
    heap::set_source(FrameSource {
        take,
        give: |_, _| {},
    });
}

/// Makes all that is free the pool's. Returns the number of frames.
pub(crate) fn open() -> u64 {
    let Some(early) = EARLY.lock().take() else {
        return 0;
    };
    let mut buddy = BUDDY.lock();
    let mut count = 0;
    for range in early.free() {
        let frames = range.length() >> PAGE_SHIFT;
        count += buddy.add(&MACHINE, Mfn::new(range.start >> PAGE_SHIFT), frames);
    }
    drop(buddy);
    heap::set_source(FrameSource {
        take: take_private,
        give: give_private,
    });
    count
}

/// Free frames, claimed or not.
pub(crate) fn free_frames() -> u64 {
    BUDDY.lock().free_frames()
}

/// Free frames that are set aside for domains.
pub(crate) fn claimed_frames() -> u64 {
    BUDDY.lock().claimed_frames()
}

/// Sets aside what a domain lacks to have `pages`; with 0, gives up what was.
///
/// # Errors
/// Those of [`ClaimError`].
pub(crate) fn claim(domain: &Domain, pages: u64) -> Result<(), ClaimError> {
    let mut accounts = domain.memory().lock();
    accounts.claim_up_to(&mut BUDDY.lock(), pages)
}

/// Takes 2^`order` frames below 2^`address_bits`.
pub(crate) fn allocate(order: u16, address_bits: u32) -> Result<Block, Error> {
    BUDDY.lock().allocate(&MACHINE, order, address_bits)
}

/// Takes frames for a domain, of those first that it claims, without anybody's traces.
///
/// # Errors
/// [`Error::Dying`], [`Error::OverLimit`], [`Error::NoMemory`].
pub(crate) fn allocate_clean_for(
    domain: &Domain,
    order: u16,
    address_bits: u32,
) -> Result<CleanBlock, Error> {
    let block = {
        let mut accounts = domain.memory().lock();
        // Before its claim shrinks, and before frames are cleaned for nothing.
        accounts.check_room(order)?;
        let claim = accounts.claim_mut();
        BUDDY
            .lock()
            .allocate_for(&MACHINE, claim, order, address_bits)?
    };
    Ok(clean(block, order))
}

/// Takes frames without anybody's traces.
pub(crate) fn allocate_clean(order: u16, address_bits: u32) -> Result<CleanBlock, Error> {
    Ok(clean(allocate(order, address_bits)?, order))
}

/// To zero 2 MiB takes a hundred times as long as to hand a frame over.
fn clean(block: Block, order: u16) -> CleanBlock {
    if order > 0 {
        MACHINE.look_soon();
    }
    memory().clean(block)
}

/// Gives a block back.
pub(crate) fn free(block: Block) {
    BUDDY.lock().free(&MACHINE, block);
}

/// Puts a value on the heap for good.
///
/// # Errors
/// `ENOMEM`, where `Box` would end the machine.
pub(crate) fn keep<T>(value: T) -> Result<&'static T, Errno> {
    let mut place = Vec::new();
    place.try_reserve_exact(1).map_err(|_| Errno::ENOMEM)?;
    place.push(value);
    let place: &'static [T] = place.leak();
    place.first().ok_or(Errno::ENOMEM)
}

fn take_private(order: u32) -> Option<u64> {
    let block = allocate(u16::try_from(order).ok()?, 64).ok()?;
    Some(memory().keep_private(block).raw() << PAGE_SHIFT)
}

fn give_private(address: u64, order: u32) {
    let Ok(order) = u16::try_from(order) else {
        return;
    };
    if let Ok(block) = memory().take_back(Mfn::new(address >> PAGE_SHIFT), order) {
        free(block);
    }
}
