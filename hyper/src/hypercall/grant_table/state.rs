//! What a domain grants, and what it has mapped of others.

use alloc::vec::Vec;

use hashbrown::HashMap;
use ringwall_abi::{DomainId, Mfn};
use ringwall_model::domain::Limits;
use ringwall_model::grant::{Grants, Handle, Maptrack, Part, Status, Unmapping, Uses};
use ringwall_model::memory::{Granted, Machine, Shared, Sharing, Stale};
use spin::{Mutex, MutexGuard};

use super::entries::Entries;
use super::held::Held;
use crate::domain::{self, Interrupted};
use crate::machine::{MACHINE, memory};
use crate::pool;

/// A domain's grant table, and its mappings of what others grant.
///
/// Lock order: `frames` and `devices` before the locks of the model and of the pool; no two of
/// them at once.
pub(crate) struct GrantTable {
    pub(super) grants: Grants,
    pub(super) maptrack: Maptrack,
    /// The frames of `grants`, for the day when the domain ends.
    frames: Mutex<Vec<Shared>>,
    /// The references of mappings for devices, which no page-table entry holds.
    devices: Mutex<HashMap<u32, Granted>>,
}

impl GrantTable {
    /// No table, until a domain has it.
    pub(crate) fn new() -> Self {
        Self {
            grants: Grants::new(0),
            maptrack: Maptrack::new(0),
            frames: Mutex::default(),
            devices: Mutex::default(),
        }
    }

    /// Becomes the table of a new domain: empty, since the one before has [given
    /// back](Self::give_back) what it had.
    pub(crate) fn begin(&self, limits: &Limits) {
        let is_free = self.grants.begin(limits.grant_frames);
        debug_assert!(is_free, "a seat was left while its grants were in use");
        self.maptrack.begin(limits.mappings);
    }

    /// Ends what a dying domain has mapped of others' grants: they are told, and nothing of it counts any
    /// more. The entries of its page tables keep their references on the frames, until the tables go.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub(crate) fn undo_mappings(&self) -> Result<(), Interrupted> {
        loop {
            match self.maptrack.take_apart() {
                Part::Mapping(unmapping) => self.undo(unmapping),
                Part::Handles => {}
                Part::Nothing => return Ok(()),
            }
            if MACHINE.should_preempt() {
                return Err(Interrupted);
            }
        }
    }

    fn undo(&self, unmapping: Unmapping<'_>) {
        let (mapping, uses) = (*unmapping.mapping(), unmapping.uses());
        if let Some(granter) = domain::find(mapping.granter) {
            let grants = &granter.grants().grants;
            // It was counted as this mapping has it.
            let _ = grants.release(&Entries, mapping.reference, mapping.access, uses);
        }
        if uses.contains(Uses::DEVICE)
            && let Some(granted) = self.take_device(unmapping.handle())
        {
            memory().put_granted(granted, Stale::Flushed);
        }
        unmapping.finish();
    }

    /// Whether others still use an entry, or map a frame of the table.
    pub(crate) fn is_held(&self) -> bool {
        let frames = self.frames.lock();
        self.grants.is_in_use() || frames.iter().any(|frame| !memory().is_unmapped(frame))
    }

    /// Gives the table's memory back; nobody [holds](Self::is_held) anything of it.
    pub(crate) fn give_back(&self) {
        self.grants.begin(0);
        self.maptrack.begin(0);
        *self.devices.lock() = HashMap::default();
        let frames = core::mem::take(&mut *self.frames.lock());
        for frame in frames {
            memory().unshare(frame);
        }
    }

    /// Grows the table to `count` frames at least, shared with its domain.
    pub(super) fn grow(&self, domain: DomainId, count: u32) -> Result<(), Status> {
        self.grants.grow(count, || self.share_frame(domain))
    }

    fn share_frame(&self, domain: DomainId) -> Result<Mfn, Status> {
        let mut frames = self.frames.lock();
        frames.try_reserve(1).map_err(|_| Status::NoSpace)?;
        let block = pool::allocate_clean(0, u64::BITS).map_err(|_| Status::NoSpace)?;
        match memory().share(block, domain, Sharing::Writable) {
            Ok(shared) => {
                let mfn = shared.mfn();
                frames.push(shared);
                Ok(mfn)
            }
            Err((_, block)) => {
                pool::free(block.into_block());
                Err(Status::NoSpace)
            }
        }
    }

    /// Makes room for the reference of a new mapping for devices. Until it is in place nobody can
    /// undo such a mapping.
    pub(super) fn reserve_device(&self, held: Held) -> Result<ReservedDevice<'_>, Status> {
        let mut devices = self.devices.lock();
        devices.try_reserve(1).map_err(|_| Status::NoSpace)?;
        Ok(ReservedDevice { devices, held })
    }

    /// The reference that a mapping held for devices.
    pub(super) fn take_device(&self, handle: Handle) -> Option<Granted> {
        self.devices.lock().remove(&handle.raw())
    }
}

/// A reference for devices, and room for it. Dropped, it is given back.
pub(super) struct ReservedDevice<'a> {
    devices: MutexGuard<'a, HashMap<u32, Granted>>,
    held: Held,
}

impl ReservedDevice<'_> {
    /// The mapping was made: from now on the reference is its.
    pub(super) fn commit(mut self, handle: Handle) {
        if let Some(granted) = self.held.keep() {
            self.devices.insert(handle.raw(), granted);
        }
    }
}
