//! A mapper's handles.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ringwall_abi::{DomainId, Mfn};
use spin::Mutex;

use super::grants::filled;
use super::{Access, GrantRef, HostAddress, Status, UnmapRequest, Uses};

/// The number of a mapping in its mapper's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(u32);

impl Handle {
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

/// What a handle stands for. Unmapping goes by this, never by what the guest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Whose frame it is.
    pub granter: DomainId,
    /// The entry in the granter's table.
    pub reference: GrantRef,
    /// The frame.
    pub frame: Mfn,
    /// What the mapping allows.
    pub access: Access,
    /// Where CPUs see it, if they do.
    pub host: Option<HostAddress>,
    /// Whether devices may.
    pub device: bool,
}

impl Mapping {
    /// Who uses the frame through this mapping.
    #[must_use]
    pub fn uses(&self) -> Uses {
        Uses::of(self.host, self.device)
    }
}

/// The mappings of one domain. Finding a handle and getting one are O(1); memory comes in chunks
/// as it is needed.
#[derive(Debug)]
pub struct Maptrack {
    slots: Mutex<Slots>,
}

#[derive(Debug)]
struct Slots {
    chunks: Vec<Box<[Slot]>>,
    first_free: Option<u32>,
    limit: u32,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Free {
        next: Option<u32>,
    },
    /// Somebody is at work on it.
    Busy,
    Mapped(Mapping),
}

const CHUNK: usize = 128;

/// A handle for a mapping that is being made. Dropped, it is free again.
#[derive(Debug)]
#[must_use]
pub struct Reserved<'a> {
    maptrack: &'a Maptrack,
    handle: u32,
}

/// A mapping that is being undone, wholly or in part; nobody else can get at it meanwhile.
/// Dropped, it is as it was.
#[derive(Debug)]
#[must_use]
pub struct Unmapping<'a> {
    maptrack: &'a Maptrack,
    handle: u32,
    mapping: Mapping,
    /// What goes.
    uses: Uses,
}

/// What a step of [taking a table apart](Maptrack::take_apart) came to.
#[derive(Debug)]
#[must_use]
pub enum Part<'a> {
    /// A mapping, to be undone wholly.
    Mapping(Unmapping<'a>),
    /// Handles that stood for nothing: they are gone.
    Handles,
    /// Nothing is left.
    Nothing,
}

impl Maptrack {
    /// An empty table for up to `limit` handles.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self {
            slots: Mutex::new(Slots {
                chunks: Vec::new(),
                first_free: None,
                limit,
            }),
        }
    }

    /// Empties the table, for another domain: each mapping of the one before was
    /// [undone](Self::take_apart).
    pub fn begin(&self, limit: u32) {
        *self.slots.lock() = Slots {
            chunks: Vec::new(),
            first_free: None,
            limit,
        };
    }

    /// Takes a handle for a mapping to come.
    ///
    /// # Errors
    /// [`Status::NoSpace`] without handles or memory.
    pub fn reserve(&self) -> Result<Reserved<'_>, Status> {
        let handle = self.slots.lock().take_free()?;
        Ok(Reserved {
            maptrack: self,
            handle,
        })
    }

    /// Begins to undo a mapping: what `request` names of it.
    ///
    /// # Errors
    /// [`Status::BadHandle`] where nothing is mapped, or somebody else is at work;
    /// [`Status::BadVirtualAddress`] or [`Status::BadDeviceAddress`] where the mapping has
    /// another address; [`Status::General`] where it can't be replaced, for it was made by the
    /// address of its page-table entry.
    pub fn begin_unmap(&self, request: &UnmapRequest) -> Result<Unmapping<'_>, Status> {
        let handle = request.handle.0;
        let mut slots = self.slots.lock();
        let slot = slots.get(handle).ok_or(Status::BadHandle)?;
        let Slot::Mapped(mapping) = *slot else {
            return Err(Status::BadHandle);
        };
        let uses = request.check(&mapping)?;
        *slot = Slot::Busy;
        Ok(Unmapping {
            maptrack: self,
            handle,
            mapping,
            uses,
        })
    }

    /// A step of undoing every mapping of a dying domain, from the last one on. What is done is gone from the table:
    /// so each step costs the same, however many went before it, and a caller who was interrupted begins again
    /// where it was.
    ///
    /// Nobody else is at work on the table, nor will be before it [begins](Self::begin) anew.
    pub fn take_apart(&self) -> Part<'_> {
        let mut slots = self.slots.lock();
        // The free ones are about to go.
        slots.first_free = None;
        let first = slots.chunks.len().saturating_sub(1) * CHUNK;
        let Some(chunk) = slots.chunks.last_mut() else {
            return Part::Nothing;
        };
        let last = chunk
            .iter_mut()
            .enumerate()
            .rev()
            .find_map(|(index, slot)| {
                let Slot::Mapped(mapping) = *slot else {
                    return None;
                };
                let handle = u32::try_from(first + index).ok()?;
                *slot = Slot::Busy;
                Some((handle, mapping))
            });
        let Some((handle, mapping)) = last else {
            slots.chunks.pop();
            return Part::Handles;
        };
        Part::Mapping(Unmapping {
            maptrack: self,
            handle,
            mapping,
            uses: mapping.uses(),
        })
    }

    fn put(&self, handle: u32, slot: Slot) {
        if let Some(place) = self.slots.lock().get(handle) {
            *place = slot;
        }
    }

    fn free(&self, handle: u32) {
        let mut slots = self.slots.lock();
        let next = slots.first_free;
        if let Some(place) = slots.get(handle) {
            *place = Slot::Free { next };
            slots.first_free = Some(handle);
        }
    }
}

impl Slots {
    fn get(&mut self, handle: u32) -> Option<&mut Slot> {
        let handle = handle as usize;
        self.chunks.get_mut(handle / CHUNK)?.get_mut(handle % CHUNK)
    }

    fn take_free(&mut self) -> Result<u32, Status> {
        if self.first_free.is_none() {
            self.grow()?;
        }
        let handle = self.first_free.ok_or(Status::NoSpace)?;
        let slot = self.get(handle).ok_or(Status::NoSpace)?;
        let Slot::Free { next } = *slot else {
            return Err(Status::NoSpace);
        };
        *slot = Slot::Busy;
        self.first_free = next;
        Ok(handle)
    }

    /// Adds a chunk, whose slots below `limit` are free in their order.
    fn grow(&mut self) -> Result<(), Status> {
        let limit = self.limit;
        let first = u32::try_from(self.chunks.len() * CHUNK).map_err(|_| Status::NoSpace)?;
        if first >= limit {
            return Err(Status::NoSpace);
        }
        self.chunks.try_reserve(1).map_err(|_| Status::NoSpace)?;
        let mut next = first;
        let chunk = filled(CHUNK, || {
            next = next.saturating_add(1);
            let more = next < limit && !(next as usize).is_multiple_of(CHUNK);
            Slot::Free {
                next: more.then_some(next),
            }
        })?;
        self.chunks.push(chunk);
        self.first_free = Some(first);
        Ok(())
    }
}

impl Reserved<'_> {
    /// The mapping was made: from now on the handle stands for it.
    pub fn commit(self, mapping: Mapping) -> Handle {
        let handle = self.handle;
        self.maptrack.put(handle, Slot::Mapped(mapping));
        core::mem::forget(self);
        Handle(handle)
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.maptrack.free(self.handle);
    }
}

impl Unmapping<'_> {
    /// The handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.handle)
    }

    /// The mapping as it was before.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// What is undone: the caller removes the host's entry if [`Uses::HOST`] is in it.
    #[must_use]
    pub fn uses(&self) -> Uses {
        self.uses
    }

    /// It is undone: the handle is free if nothing is left of the mapping.
    pub fn finish(self) {
        let mut rest = self.mapping;
        if self.uses.contains(Uses::HOST) {
            rest.host = None;
        }
        rest.device &= !self.uses.contains(Uses::DEVICE);
        if rest.uses().is_empty() {
            self.maptrack.free(self.handle);
        } else {
            self.maptrack.put(self.handle, Slot::Mapped(rest));
        }
        core::mem::forget(self);
    }
}

impl Drop for Unmapping<'_> {
    fn drop(&mut self) {
        self.maptrack.put(self.handle, Slot::Mapped(self.mapping));
    }
}
