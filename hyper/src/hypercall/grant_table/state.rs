//! What a domain grants, and what it has mapped of others.

use alloc::vec::Vec;

use hashbrown::HashMap;
use ringwall_abi::{DomainId, Errno, Mfn};
use ringwall_model::grant::{Grants, Handle, Maptrack, Status};
use ringwall_model::memory::{Granted, Shared, Sharing};
use spin::{Mutex, MutexGuard};

use super::held::Held;
use crate::machine::memory;
use crate::pool;

/// Frames that dom0's table may have.
const DOM0_FRAMES: u32 = 64;
/// Frames that another domain's table may have.
const FRAMES: u32 = 32;
/// Mappings that a domain may have.
const MAPPINGS: u32 = 1 << 17;

/// A domain's grant table, and its mappings of what others grant.
///
/// Lock order: `frames` and `devices` before the locks of the model and of the pool; no two of
/// them at once.
pub(crate) struct GrantTable {
    domain: DomainId,
    pub(super) grants: Grants,
    pub(super) maptrack: Maptrack,
    /// The frames of `grants`, for the day when the domain ends.
    frames: Mutex<Vec<Shared>>,
    /// The references of mappings for devices, which no page-table entry holds.
    devices: Mutex<HashMap<u32, Granted>>,
}

impl GrantTable {
    /// An empty table.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(crate) fn new(domain: DomainId) -> Result<Self, Errno> {
        let frames = if domain == DomainId::DOM0 {
            DOM0_FRAMES
        } else {
            FRAMES
        };
        Ok(Self {
            domain,
            grants: Grants::new(frames).map_err(|_| Errno::ENOMEM)?,
            maptrack: Maptrack::new(MAPPINGS),
            frames: Mutex::default(),
            devices: Mutex::default(),
        })
    }

    /// Grows the table to `count` frames at least, shared with the domain.
    pub(super) fn grow(&self, count: u32) -> Result<(), Status> {
        self.grants.grow(count, || self.share_frame())
    }

    fn share_frame(&self) -> Result<Mfn, Status> {
        let mut frames = self.frames.lock();
        frames.try_reserve(1).map_err(|_| Status::NoSpace)?;
        let block = pool::allocate_clean(0, u64::BITS).map_err(|_| Status::NoSpace)?;
        match memory().share(block, self.domain, Sharing::Writable) {
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
