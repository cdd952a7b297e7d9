//! `EVTCHNOP_send` sets the pending bit of the other end, and the upcall of its virtual CPU unless the port
//! is masked. `public/event_channel.h`. To send by a port that waits is no error and does nothing; by one
//! that is closed, by a PIRQ or a virtual interrupt, it is `EINVAL`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::events::{NO_PORT, ipi, send, set_masked, take_pending, unbound, virq};
use guests::sdk::abi::xen::{VcpuInfo, Virq};
use guests::sdk::abi::{Errno, Port};
use guests::sdk::event::mask::mask;
use guests::sdk::start;
use guests::{Check, Verdict, ensure, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let _no_upcalls = mask();
    let info = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let upcall = info.u8(VcpuInfo::UPCALL_PENDING);
    let selector = info.u64(VcpuInfo::PENDING_SEL);
    let port = ipi()?;

    upcall.store(0, Ordering::SeqCst);
    set_masked(port, true);
    granted("send, masked", send(port))?;
    ensure!(take_pending(port), "a masked port is not pending");
    ensure!(
        upcall.load(Ordering::SeqCst) == 0,
        "a masked port has an upcall"
    );

    set_masked(port, false);
    selector.store(0, Ordering::SeqCst);
    granted("send", send(port))?;
    ensure!(upcall.load(Ordering::SeqCst) == 1, "no upcall");
    let bit = 1 << (port.raw() / 64);
    ensure!(
        selector.load(Ordering::SeqCst) & bit != 0,
        "the word is not selected"
    );
    // Again, while it is pending: nothing is lost and nothing is added.
    granted("send again", send(port))?;
    ensure!(take_pending(port), "it is not pending");
    ensure!(!take_pending(port), "it is pending twice");
    upcall.store(0, Ordering::SeqCst);

    granted("to nobody yet", send(unbound()?))?;
    for port in [Port::new(0), NO_PORT, Port::new(4000), Port::new(u32::MAX)] {
        refused(port, send(port), &[Errno::EINVAL])?;
    }
    refused(
        "by a virtual interrupt",
        send(virq(Virq::Console)?),
        &[Errno::EINVAL],
    )
}
