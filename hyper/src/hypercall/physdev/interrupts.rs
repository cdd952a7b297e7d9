//! Interrupts and their PIRQs.

use ringwall_abi::physdev::{
    ApicAccess, Eoi, GetFreePirq, IrqStatusQuery, IrqVector, MapPirq, MapPirqType, SetupGsi,
    UnmapPirq,
};
use ringwall_abi::{DomainId, Errno};
use ringwall_model::event::Pirq;
use ringwall_model::irq::{Polarity, Signal, Trigger};

use super::messages;
use crate::hypercall::{Call, Result};
use crate::irq;

/// `eoi`. `EINVAL`: the PIRQ stands for nothing.
#[inline]
pub(super) fn end(call: &Call<'_>) -> Result {
    let request: Eoi = call.read(1)?;
    irq::end(Pirq::new(request.irq))?;
    Ok(0)
}

/// `irq_status_query`. `EINVAL`: no such PIRQ.
pub(super) fn query_status(call: &Call<'_>) -> Result {
    let mut request: IrqStatusQuery = call.read(1)?;
    request.flags = irq::status(Pirq::new(request.irq))?;
    call.write(1, &request)?;
    Ok(0)
}

/// `alloc_irq_vector`: from the time when guests programmed IO-APICs. Vectors come with `map_pirq`
/// now, and the number that is answered stands for one.
pub(super) fn allocate_vector(call: &Call<'_>) -> Result {
    let mut request: IrqVector = call.read(1)?;
    request.vector = request.irq;
    call.write(1, &request)?;
    Ok(0)
}

/// `setup_gsi`. `EINVAL`: no IO-APIC has the pin; `EBUSY`: it is in use, and would change.
pub(super) fn set_up_gsi(call: &Call<'_>) -> Result {
    let request: SetupGsi = call.read(1)?;
    let signal = Signal {
        trigger: if request.triggering == 0 {
            Trigger::Edge
        } else {
            Trigger::Level
        },
        polarity: if request.polarity == 0 {
            Polarity::ActiveHigh
        } else {
            Polarity::ActiveLow
        },
    };
    irq::set_signal(number(request.gsi)?, signal)?;
    Ok(0)
}

/// `map_pirq`. `EINVAL`: an unknown kind, no such pin, a PIRQ that can't stand for it, or more than
/// the device can; `ENODEV`, `ENXIO`: the device has no such capability, or its table is out of
/// reach; `EEXIST`: it is mapped; `ENOSPC`: too many are; `EPERM`: for another domain.
pub(super) fn map(call: &Call<'_>) -> Result {
    let mut request: MapPirq = call.read(1)?;
    require_own(call, request.domid)?;
    let wanted = number(request.pirq).ok().map(Pirq::new);
    let kind = u32::try_from(request.kind)
        .ok()
        .and_then(|kind| MapPirqType::try_from(kind).ok());
    let pirq = match kind {
        Some(MapPirqType::Gsi) => map_pin(number(request.index)?, wanted)?,
        Some(MapPirqType::Msi | MapPirqType::MsiSeg | MapPirqType::MultiMsi) => {
            messages::map(&request, wanted)?
        }
        Some(MapPirqType::Unknown) | None => return Err(Errno::EINVAL.into()),
    };
    request.pirq = i32::try_from(pirq.raw()).map_err(|_| Errno::EINVAL)?;
    if let Err(fault) = call.write(1, &request) {
        // Nobody knows the number: it must not stay taken. A pin's is known, and may be in use.
        if kind != Some(MapPirqType::Gsi) {
            let _ = irq::unmap(pirq);
        }
        return Err(fault);
    }
    Ok(0)
}

fn map_pin(gsi: u32, wanted: Option<Pirq>) -> Result<Pirq> {
    let pirq = Pirq::new(gsi);
    if wanted.is_some_and(|wanted| wanted != pirq) {
        return Err(Errno::EINVAL.into());
    }
    irq::map_pin(gsi)?;
    Ok(pirq)
}

/// `unmap_pirq`. `EINVAL`: it stands for nothing, or for one of several MSI that is not the first;
/// `EBUSY`: an event channel is bound to it; `EPERM`: another domain's.
pub(super) fn unmap(call: &Call<'_>) -> Result {
    let request: UnmapPirq = call.read(1)?;
    require_own(call, request.domid)?;
    irq::unmap(Pirq::new(number(request.pirq)?))?;
    Ok(0)
}

/// `get_free_pirq`. `EINVAL`: not for messages, whose PIRQs alone are free to choose; `ENOSPC`.
pub(super) fn reserve(call: &Call<'_>) -> Result {
    let mut request: GetFreePirq = call.read(1)?;
    let kind = MapPirqType::from_number(u64::from(request.kind.cast_unsigned()));
    if !matches!(
        kind,
        Some(MapPirqType::Msi | MapPirqType::MsiSeg | MapPirqType::MultiMsi)
    ) {
        return Err(Errno::EINVAL.into());
    }
    request.pirq = irq::reserve()?.raw();
    call.write(1, &request)?;
    Ok(0)
}

/// `apic_read`. `EINVAL`: there is no IO-APIC.
pub(super) fn read_apic(call: &Call<'_>) -> Result {
    let mut request: ApicAccess = call.read(1)?;
    let value = irq::read_io_apic(request.apic_physbase.raw(), request.reg);
    request.value = value.ok_or(Errno::EINVAL)?;
    call.write(1, &request)?;
    Ok(0)
}

/// Interrupts go to the domain that drives the devices, and to no other: without an IOMMU whoever
/// has a device has the machine.
fn require_own(call: &Call<'_>, domain: DomainId) -> Result<()> {
    if domain == DomainId::SELF || domain == call.domain().id() {
        Ok(())
    } else {
        Err(Errno::EPERM.into())
    }
}

/// A number that the ABI has as `int`.
fn number(raw: i32) -> Result<u32> {
    u32::try_from(raw).map_err(|_| Errno::EINVAL.into())
}
