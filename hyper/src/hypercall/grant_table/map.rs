//! Mapping what another domain grants.

use ringwall_abi::grant_table::MapGrantRef;
use ringwall_abi::{MachineAddress, Mfn};
use ringwall_model::grant::{GrantRef, Handle, MapRequest, Mapping, Status};
use ringwall_model::memory::Flags;

use super::held::{Held, acquire, granter_named};
use super::slot::Slot;
use crate::hypercall::{self, Call};

/// `GNTTABOP_map_grant_ref`: one mapping.
pub(super) fn map(call: &Call<'_>, request: &mut MapGrantRef) -> hypercall::Result<()> {
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
fn try_map(call: &Call<'_>, request: &MapGrantRef) -> Result<Mapped, Status> {
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
    let hold = || Held::new(frame, granter.id(), access);
    let device = if wanted.device {
        Some(mapper.reserve_device(hold()?)?)
    } else {
        None
    };
    if let Some(host) = wanted.host {
        let slot = Slot::find(call.domain(), host)?;
        slot.install(hold()?, entry_flags(wanted.available))?;
    }
    let handle = reserved.commit(mapping);
    grant.keep();
    if let Some(device) = device {
        device.commit(handle);
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
