//! `map_pirq` for MSI and MSI-X.

use ringwall_abi::Errno;
use ringwall_abi::physdev::{MapPirq, MapPirqType, PciDevice};
use ringwall_model::event::Pirq;
use ringwall_model::irq::DeviceMessage;

use crate::hypercall::Result;
use crate::irq;

/// Maps a message, or several MSI; the (first) PIRQ.
pub(super) fn map(request: &MapPirq, wanted: Option<Pirq>) -> Result<Pirq> {
    let message = decode(request).ok_or(Errno::EINVAL)?;
    Ok(irq::map_messages(
        message,
        wanted,
        request.table_base.raw(),
    )?)
}

/// Which message is meant. A device's MSI are as many as a power of two, since it chooses between
/// them by the low bits of the vector.
fn decode(request: &MapPirq) -> Option<DeviceMessage> {
    let has_segment = request.kind.cast_unsigned() != MapPirqType::Msi.number();
    let [bus, zero, segment @ ..] = request.bus.to_le_bytes();
    let seg = u16::from_le_bytes(segment);
    if zero != 0 || seg != 0 && !has_segment {
        return None;
    }
    let device = PciDevice {
        seg,
        bus,
        devfn: u8::try_from(request.devfn).ok()?,
    };
    let is_msix = request.table_base.raw() != 0;
    if request.kind.cast_unsigned() == MapPirqType::MultiMsi.number() {
        let count = u8::try_from(request.entry_nr).ok()?;
        let fits = !is_msix && count <= 32 && count.is_power_of_two();
        return fits.then_some(DeviceMessage::Msi {
            device,
            index: 0,
            count,
        });
    }
    Some(if is_msix {
        DeviceMessage::Msix {
            device,
            entry: u16::try_from(request.entry_nr).ok()?,
        }
    } else {
        DeviceMessage::Msi {
            device,
            index: 0,
            count: 1,
        }
    })
}
