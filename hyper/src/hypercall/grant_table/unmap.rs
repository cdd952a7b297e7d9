//! Undoing mappings.
//!
//! A group of them shares one flush: first all entries are taken out, then no TLB has them any
//! more, then the granters are told, and only then the references on their frames are dropped.

use ringwall_abi::GuestAddress;
use ringwall_abi::grant_table::{GrantStatus, UnmapAndReplace, UnmapGrantRef};
use ringwall_hw::cpu::control;
use ringwall_model::grant::{
    self, Handle, HostAddress, Mapping, Status, UnmapRequest, Unmapping, Uses,
};
use ringwall_model::memory::{Access, Entry, EntryIndex, Granted, Level, Machine, Stale};

use super::batch::GROUP;
use super::entries::Entries;
use super::slot::{Slot, root};
use crate::domain;
use crate::hypercall::Call;
use crate::machine::{MACHINE, memory};

/// `GNTTABOP_unmap_grant_ref`: a group of at most [`GROUP`].
pub(super) fn unmap(call: &Call<'_>, requests: &mut [UnmapGrantRef]) {
    group(
        call,
        requests,
        |request| {
            let handle = Handle::new(request.handle);
            Ok(UnmapRequest::unmap(
                handle,
                request.host_addr,
                request.dev_bus_addr,
            ))
        },
        |request, status| request.status = status,
    );
}

/// `GNTTABOP_unmap_and_replace`: a group of at most [`GROUP`].
pub(super) fn replace(call: &Call<'_>, requests: &mut [UnmapAndReplace]) {
    group(
        call,
        requests,
        |request| {
            UnmapRequest::replace(
                Handle::new(request.handle),
                request.host_addr,
                request.new_addr,
            )
        },
        |request, status| request.status = status,
    );
}

fn group<T>(
    call: &Call<'_>,
    requests: &mut [T],
    decode: impl Fn(&T) -> Result<UnmapRequest, Status>,
    answer: impl Fn(&mut T, i16),
) {
    let mut removed: [Option<Removed>; GROUP] = core::array::from_fn(|_| None);
    for (request, slot) in requests.iter_mut().zip(&mut removed) {
        match decode(request).and_then(|decoded| Removed::new(call, &decoded)) {
            Ok(removed) => *slot = Some(removed),
            Err(status) => answer(request, status.raw()),
        }
    }
    if removed.iter().flatten().any(Removed::is_cached) {
        MACHINE.flush_since(MACHINE.tlb_now());
    }
    for (request, removed) in requests.iter_mut().zip(removed) {
        if let Some(removed) = removed {
            let outcome = removed.finish(call);
            answer(
                request,
                outcome
                    .err()
                    .map_or(GrantStatus::Okay.number(), Status::raw),
            );
        }
    }
}

/// A mapping whose entry is gone, while TLBs may still have it.
struct Removed {
    unmapping: Unmapping<'static>,
    granted: Option<(Granted, Stale)>,
    /// Whether another entry was to take its place, and could not.
    replaced: Result<(), Status>,
}

impl Removed {
    fn new(call: &Call<'_>, request: &UnmapRequest) -> Result<Self, Status> {
        let unmapping = call.domain().grants().maptrack.begin_unmap(request)?;
        let host = unmapping
            .mapping()
            .host
            .filter(|_| unmapping.uses().contains(Uses::HOST));
        let Some(host) = host else {
            return Ok(Self {
                unmapping,
                granted: None,
                replaced: Ok(()),
            });
        };
        let expected = (unmapping.mapping().frame, right(unmapping.mapping()));
        let granted = Slot::find(call.domain(), host)?.with(|table, index, reach| {
            memory().remove_grant_entry(table, index, expected, Entry::NONE, reach)
        })?;
        let replaced = match (request.replacement(), host) {
            (Some(source), HostAddress::Virtual(target)) => move_entry(call, source, target),
            _ => Ok(()),
        };
        Ok(Self {
            unmapping,
            granted: Some(granted),
            replaced,
        })
    }

    fn is_cached(&self) -> bool {
        self.granted
            .as_ref()
            .is_some_and(|(_, stale)| *stale != Stale::Flushed)
    }

    /// Tells the granter, after the flush.
    fn finish(self, call: &Call<'_>) -> Result<(), Status> {
        let mapping = *self.unmapping.mapping();
        let uses = self.unmapping.uses();
        let device = uses.contains(Uses::DEVICE).then(|| self.unmapping.handle());
        let device = device.and_then(|handle| call.domain().grants().take_device(handle));
        let granter = domain::find(mapping.granter).ok_or(Status::BadDomain);
        let told = granter.and_then(|granter| {
            let grants = &granter.grants().grants;
            grants.release(&Entries, mapping.reference, mapping.access, uses)
        });
        for granted in self
            .granted
            .map(|(granted, _)| granted)
            .into_iter()
            .chain(device)
        {
            memory().put_granted(granted, Stale::Flushed);
        }
        self.unmapping.finish();
        told.and(self.replaced)
    }
}

/// The right that the entry of a mapping has.
fn right(mapping: &Mapping) -> Access {
    match mapping.access {
        grant::Access::ReadOnly => Access::Read,
        grant::Access::ReadWrite => Access::Write,
    }
}

/// Moves the entry of one address to another, whose own is gone.
fn move_entry(call: &Call<'_>, source: GuestAddress, target: GuestAddress) -> Result<(), Status> {
    let own = call.domain().id();
    let route = memory()
        .walk(root(), source)
        .map_err(|_| Status::BadVirtualAddress)?;
    let entry = MACHINE.read_entry(route.level1, EntryIndex::of(source, Level::L1));
    let update = |address, entry| memory().update_address(root(), address, entry, own, own);
    update(target, entry).map_err(|_| Status::General)?;
    update(source, Entry::NONE).map_err(|_| Status::General)?;
    control::invalidate_page(source.raw());
    Ok(())
}
