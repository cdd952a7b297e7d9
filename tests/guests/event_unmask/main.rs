//! `EVTCHNOP_unmask` clears the mask bit and, where the port is pending, makes the upcall that was held
//! back: `public/event_channel.h`. A port that is none is `EINVAL`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::events::{NO_PORT, event, ipi, send, set_masked, take_pending};
use guests::sdk::abi::event_channel::{EventChannelOp, Unmask};
use guests::sdk::abi::xen::{SharedInfo, VcpuInfo};
use guests::sdk::abi::{Errno, Port};
use guests::sdk::event::mask::mask;
use guests::sdk::start;
use guests::{Answer, Check, Verdict, ensure, granted, refused};

guests::rule!(check);

fn unmask(port: Port) -> Answer {
    event(EventChannelOp::Unmask, &mut Unmask { port })
}

fn check() -> Check {
    let _no_upcalls = mask();
    let info = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let shared = start::shared_info().ok_or_else(|| Verdict::error("no shared_info"))?;
    let upcall = info.u8(VcpuInfo::UPCALL_PENDING);
    let port = ipi()?;
    set_masked(port, true);
    granted("send", send(port))?;
    upcall.store(0, Ordering::SeqCst);
    info.u64(VcpuInfo::PENDING_SEL).store(0, Ordering::SeqCst);
    granted("unmask", unmask(port))?;
    let masks = shared.u64(SharedInfo::EVTCHN_MASK + 8 * (port.raw() as usize / 64));
    let bit = 1 << (port.raw() % 64);
    ensure!(
        masks.load(Ordering::SeqCst) & bit == 0,
        "the port is still masked"
    );
    ensure!(
        upcall.load(Ordering::SeqCst) == 1,
        "no upcall for what was pending"
    );
    ensure!(take_pending(port), "the event is gone");
    upcall.store(0, Ordering::SeqCst);
    granted("unmask what is unmasked", unmask(port))?;
    ensure!(upcall.load(Ordering::SeqCst) == 0, "an upcall for nothing");
    refused("no port", unmask(NO_PORT), &[Errno::EINVAL])?;
    refused("no port", unmask(Port::new(u32::MAX)), &[Errno::EINVAL])
}
