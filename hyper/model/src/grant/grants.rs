//! A granter's table.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use ringwall_abi::{DomainId, Mfn, PAGE_SIZE};
use spin::{Mutex, RwLock};

use super::active::Active;
use super::shared::{mark_in_use, status_bits};
use super::{Access, Place, SharedMemory, Status, Uses};

/// Entries of `grant_entry_v1`, of 8 bytes, in a frame.
pub const REFS_PER_FRAME: usize = PAGE_SIZE / 8;

/// A grant reference: the number of an entry in a granter's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantRef(u32);

impl GrantRef {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// A domain's grant table, of frames that it shares with the hypervisor. It only grows, until it is
/// [begun](Grants::begin) anew for another domain: that waits until the last entry in use is released,
/// longer than the domain lives if need be.
#[derive(Debug)]
pub struct Grants {
    frames: RwLock<Vec<SharedFrame>>,
    limit: AtomicU32,
    /// Entries with a pin.
    in_use: AtomicU32,
}

#[derive(Debug)]
struct SharedFrame {
    frame: Mfn,
    entries: Box<[Mutex<Active>]>,
}

/// An entry that was acquired. Dropped, it is released again.
#[derive(Debug)]
#[must_use]
pub struct Acquired<'a, M: SharedMemory> {
    grants: &'a Grants,
    memory: &'a M,
    reference: GrantRef,
    frame: Mfn,
    access: Access,
    uses: Uses,
}

impl Grants {
    /// An empty table that may grow to `max_frames`.
    #[must_use]
    pub const fn new(max_frames: u32) -> Self {
        Self {
            frames: RwLock::new(Vec::new()),
            limit: AtomicU32::new(max_frames),
            in_use: AtomicU32::new(0),
        }
    }

    /// Empties the table, for another domain. False, and nothing happens, while an entry is in use.
    /// Its frames are the caller's from then on.
    pub fn begin(&self, max_frames: u32) -> bool {
        let mut frames = self.frames.write();
        // Under the lock nobody is between a look at an entry and its pin.
        if self.is_in_use() {
            return false;
        }
        *frames = Vec::new();
        self.limit.store(max_frames, Ordering::Relaxed);
        true
    }

    /// Whether somebody uses an entry.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.in_use.load(Ordering::SeqCst) != 0
    }

    /// How many frames it has. `GNTTABOP_query_size` tells this and [`Self::max_frames`].
    #[must_use]
    pub fn frame_count(&self) -> usize {
        self.frames.read().len()
    }

    /// How many frames it may have.
    #[doc(alias = "GNTTABOP_query_size")]
    #[must_use]
    pub fn max_frames(&self) -> usize {
        self.limit.load(Ordering::Relaxed) as usize
    }

    /// A frame of the table, for the list of `GNTTABOP_setup_table`.
    #[must_use]
    pub fn frame(&self, index: usize) -> Option<Mfn> {
        Some(self.frames.read().get(index)?.frame)
    }

    /// Grows the table to `count` frames at least. `allocate` gives a zeroed frame, which the
    /// table keeps: it is called once for each that is missing.
    ///
    /// # Errors
    /// [`Status::General`] for more than [`Self::max_frames`]; [`Status::NoSpace`] without
    /// memory, and what `allocate` said. The frames that were added until then stay.
    #[doc(alias = "GNTTABOP_setup_table")]
    pub fn grow(
        &self,
        count: u32,
        mut allocate: impl FnMut() -> Result<Mfn, Status>,
    ) -> Result<(), Status> {
        let count = count as usize;
        if count > self.max_frames() {
            return Err(Status::General);
        }
        if count <= self.frame_count() {
            return Ok(());
        }
        let mut frames = self.frames.write();
        let missing = count.saturating_sub(frames.len());
        frames.try_reserve(missing).map_err(|_| Status::NoSpace)?;
        for _ in 0..missing {
            let entries = filled(REFS_PER_FRAME, || Mutex::new(Active::new()))?;
            let frame = allocate()?;
            frames.push(SharedFrame { frame, entries });
        }
        Ok(())
    }

    /// Takes an entry into use for `who`: checks what the granter wrote, pins it and tells the
    /// granter, all under the entry's lock.
    ///
    /// # Errors
    /// [`Status::BadReference`] past the table's end; [`Status::General`] where the entry does
    /// not grant this to `who`, is in use by another domain, too often, or does not hold still.
    pub fn acquire<'a, M: SharedMemory>(
        &'a self,
        memory: &'a M,
        reference: GrantRef,
        who: DomainId,
        access: Access,
        uses: Uses,
    ) -> Result<Acquired<'a, M>, Status> {
        let frames = self.frames.read();
        let (place, entry) = entry(&frames, reference).ok_or(Status::BadReference)?;
        let mut active = entry.lock();
        let in_use = active.pins.access();
        if in_use.is_some() && active.domain != who {
            return Err(Status::General);
        }
        let pins = active.pins.with(access, uses).ok_or(Status::General)?;
        let told = in_use.map_or(0, status_bits);
        if told | status_bits(access) != told {
            mark_in_use(memory, place, who, access)?;
        }
        if in_use.is_none() {
            // Read once, after the granter was told; from here on only the copy counts.
            active.frame = Mfn::new(u64::from(memory.frame(place)));
            active.domain = who;
            self.in_use.fetch_add(1, Ordering::SeqCst);
        }
        active.pins = pins;
        Ok(Acquired {
            grants: self,
            memory,
            reference,
            frame: active.frame,
            access,
            uses,
        })
    }

    /// Ends a use: unpins the entry and tells the granter, under the entry's lock. The mapping is
    /// gone from every TLB before; the reference on the frame is dropped after.
    ///
    /// # Errors
    /// [`Status::General`] where the entry was not in use like this; nothing changes.
    pub fn release(
        &self,
        memory: &impl SharedMemory,
        reference: GrantRef,
        access: Access,
        uses: Uses,
    ) -> Result<(), Status> {
        let frames = self.frames.read();
        let (place, entry) = entry(&frames, reference).ok_or(Status::BadReference)?;
        let mut active = entry.lock();
        let before = active.pins.access().map_or(0, status_bits);
        active.pins = active.pins.without(access, uses).ok_or(Status::General)?;
        let after = active.pins.access();
        let ended = before & !after.map_or(0, status_bits);
        if ended != 0 {
            memory.clear_header(place, ended);
        }
        if before != 0 && after.is_none() {
            self.in_use.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

fn entry(frames: &[SharedFrame], reference: GrantRef) -> Option<(Place, &Mutex<Active>)> {
    let number = reference.0 as usize;
    let shared = frames.get(number / REFS_PER_FRAME)?;
    let index = number % REFS_PER_FRAME;
    let place = Place {
        frame: shared.frame,
        index,
    };
    Some((place, shared.entries.get(index)?))
}

impl<M: SharedMemory> Acquired<'_, M> {
    /// The granted frame, as the granter counts frames: to be checked like any number of a guest.
    #[must_use]
    pub fn frame(&self) -> Mfn {
        self.frame
    }

    /// Leaves the entry in use, for a mapping: [`Grants::release`] ends it.
    pub fn keep(self) {
        core::mem::forget(self);
    }
}

impl<M: SharedMemory> Drop for Acquired<'_, M> {
    fn drop(&mut self) {
        // It holds the very pins that are taken away.
        let _ = self
            .grants
            .release(self.memory, self.reference, self.access, self.uses);
    }
}

pub(super) fn filled<T>(count: usize, fill: impl FnMut() -> T) -> Result<Box<[T]>, Status> {
    let mut items = Vec::new();
    items
        .try_reserve_exact(count)
        .map_err(|_| Status::NoSpace)?;
    items.resize_with(count, fill);
    Ok(items.into_boxed_slice())
}
