//! Mapping what another domain grants.

use ringwall_abi::grant_table::MapGrantRef;
use ringwall_abi::{GuestAddress, MachineAddress, Mfn};
use ringwall_hw::cpu::{control, local};
use ringwall_model::grant::{Access, GrantRef, Handle, HostAddress, MapRequest, Mapping, Status};
use ringwall_model::memory::{
    EntryAddress, EntryIndex, Error, Flags, Flush, Level, Reach, Route, TypeReference,
};

use super::held::{Held, acquire, granter_named};
use crate::domain::Domain;
use crate::hypercall::{Call, Result};
use crate::machine::{MACHINE, memory};

/// `GNTTABOP_map_grant_ref`: one mapping.
pub(super) fn map(call: &Call<'_>, request: &mut MapGrantRef) -> Result<()> {
    let outcome = try_map(call, request);
    request.status = Status::of(&outcome);
    if let Ok((handle, mfn)) = outcome {
        request.handle = handle.raw();
        request.dev_bus_addr = mfn.address().map_or(0, MachineAddress::raw);
    }
    Ok(())
}

type Mapped = (Handle, Mfn);

/// Each step that fails undoes those before it by dropping what they gave.
fn try_map(call: &Call<'_>, request: &MapGrantRef) -> core::result::Result<Mapped, Status> {
    let wanted = MapRequest::decode(request.flags.bits(), request.host_addr)?;
    let mapper = call.domain().grants();
    let granter = granter_named(call, request.dom)?;
    let reserved = mapper.maptrack.reserve()?;
    let reference = GrantRef::new(request.reference);
    let (access, uses) = (wanted.access, wanted.uses());
    let grant = acquire(granter, reference, call.domain().id(), access, uses)?;
    let frame = grant.frame();
    let mapping = Mapping {
        granter: granter.id(),
        reference,
        frame,
        access,
        host: wanted.host,
        device: wanted.device,
    };
    // Until its reference is in place nobody can undo the new mapping.
    let mut devices = mapper.devices.lock();
    let device = if wanted.device {
        Some(Held::new(frame, granter.id(), access)?)
    } else {
        None
    };
    devices.try_reserve(1).map_err(|_| Status::NoSpace)?;
    if let Some(host) = wanted.host {
        let held = Held::new(frame, granter.id(), access)?;
        let place = Slot::find(call.domain(), host)?;
        place.install(held, entry_flags(wanted.available))?;
    }
    let handle = reserved.commit(mapping);
    grant.keep();
    if let Some(granted) = device.and_then(Held::keep) {
        devices.insert(handle.raw(), granted);
    }
    Ok((handle, frame))
}

/// The software bits that the guest asks for, from the lowest on. Which ring it is for does not
/// matter: the policy for entries decides.
fn entry_flags(available: u16) -> Flags {
    let available = u64::from(available);
    let software = (available & 0x7) << 9 | (available >> 3 & 0x7ff) << 52;
    Flags::from_bits_truncate(software)
        .intersection(Flags::SOFTWARE)
        .union(Flags::ACCESSED)
        .union(Flags::DIRTY)
}

/// An entry of a level-1 table of the caller's, held.
pub(super) struct Slot {
    table: Option<TypeReference<Level>>,
    index: EntryIndex,
    route: Option<(GuestAddress, Route)>,
    unfit: Status,
}

impl Slot {
    /// Finds the entry that a mapping is for.
    ///
    /// # Errors
    /// [`Status::BadVirtualAddress`] for an address without a table, [`Status::General`] for an
    /// entry that lies in none; [`Status::Again`].
    pub(super) fn find(domain: &Domain, host: HostAddress) -> core::result::Result<Self, Status> {
        let (table, index, route, unfit) = match host {
            HostAddress::Virtual(address) => {
                let unfit = Status::BadVirtualAddress;
                let route = memory().walk(root(), address).map_err(|_| unfit)?;
                let index = EntryIndex::of(address, Level::L1);
                (route.level1, index, Some((address, route)), unfit)
            }
            HostAddress::Entry(address) => {
                let unfit = Status::General;
                let place = EntryAddress::try_from(address).map_err(|_| unfit)?;
                (place.table, place.index, None, unfit)
            }
        };
        let held = memory().hold_table(table, Level::L1, domain.id());
        let table = Some(held.map_err(|error| status(error, unfit))?);
        Ok(Self {
            table,
            index,
            route,
            unfit,
        })
    }

    fn install(&self, held: Held, flags: Flags) -> core::result::Result<(), Status> {
        let (Some(table), Some(granted)) = (&self.table, held.keep()) else {
            return Err(Status::General);
        };
        match memory().install_grant_entry(table, self.index, granted, flags, self.reach()) {
            Ok(flush) => self.flush(flush),
            Err((error, granted)) => {
                drop(Held::from(granted));
                return Err(status(error, self.unfit));
            }
        }
        Ok(())
    }

    /// Makes the guest see the new entry, also where it had another there.
    fn flush(&self, flush: Flush) {
        match (flush, &self.route) {
            (Flush::Nothing, _) => {}
            (Flush::Page, Some((address, _))) => control::invalidate_page(address.raw()),
            (Flush::Page | Flush::All, _) => MACHINE.flush_local(control::invalidate_all),
        }
    }

    /// Runs `act` with the table, the place in it, and the way to it.
    pub(super) fn with<R>(
        &self,
        act: impl FnOnce(&TypeReference<Level>, EntryIndex, Reach<'_>) -> core::result::Result<R, Error>,
    ) -> core::result::Result<R, Status> {
        let table = self.table.as_ref().ok_or(Status::General)?;
        act(table, self.index, self.reach()).map_err(|error| status(error, self.unfit))
    }

    fn reach(&self) -> Reach<'_> {
        match &self.route {
            Some((address, route)) => Reach::By(*address, route),
            None => Reach::Anywhere,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(table) = self.table.take() {
            memory().let_go(table);
        }
    }
}

/// The root that the caller's kernel runs on.
pub(super) fn root() -> Mfn {
    MachineAddress::new(local::current().guest.kernel_root.get()).frame()
}

fn status(error: Error, otherwise: Status) -> Status {
    match error {
        Error::Preempted => Status::Again,
        Error::Mismatch => Status::General,
        _ => otherwise,
    }
}

/// What the rules of memory call it.
pub(super) const fn right(access: Access) -> ringwall_model::memory::Access {
    match access {
        Access::ReadOnly => ringwall_model::memory::Access::Read,
        Access::ReadWrite => ringwall_model::memory::Access::Write,
    }
}
