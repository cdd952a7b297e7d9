//! Event channels.

use ringwall_abi::event_channel::{BindIpi, EventChannelOp, Send};
use ringwall_abi::xen::{SharedInfo, VaMappingFlags};
use ringwall_abi::{Hypercall, Port, VcpuId};

use crate::call::{address, address_mut, call, timed, update_va};
use crate::memory::{Pages, READ_WRITE, Start, entry};
use crate::meter::{Cost, least, report};

/// Where the page shared with the hypervisor is mapped.
static SHARED: Pages<1> = Pages::new();

/// Measures a send to a port that is masked.
pub(crate) fn measure(start: &Start<'_>) {
    report("event_send_pending", send(start, Pending::Already));
    report("event_send", send(start, Pending::Newly));
}

/// The port before the send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    Already,
    Newly,
}

fn send(start: &Start<'_>, pending: Pending) -> Cost {
    let map = entry(start.shared_info(), READ_WRITE);
    update_va(SHARED.address(0), map, VaMappingFlags::INVLPG.bits())?;
    let mut bind = BindIpi {
        vcpu: VcpuId::new(0),
        port: Port::new(0),
    };
    let arguments = [EventChannelOp::BindIpi as u64, address_mut(&mut bind), 0, 0];
    call(Hypercall::EventChannelOp, arguments)?;
    let word = bind.port.raw() as usize / 64;
    let bit = 1 << (bind.port.raw() % 64);
    SHARED.write(0, SharedInfo::EVTCHN_MASK / 8 + word, bit);
    let send = Send { port: bind.port };
    least(|_| {
        if pending == Pending::Newly {
            SHARED.write(0, SharedInfo::EVTCHN_PENDING / 8 + word, 0);
        }
        let arguments = [EventChannelOp::Send as u64, address(&send), 0, 0];
        timed(Hypercall::EventChannelOp, arguments)
    })
}
