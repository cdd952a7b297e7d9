//! FIFO events are an extension that a hypervisor need not have: a guest asks by
//! `EVTCHNOP_init_control`, and takes any error as "two levels": `public/event_channel.h`. Whatever it
//! says, a control block that is none is refused, and two-level events go on.
#![no_std]
#![no_main]

use guests::events::{event, ipi, send, set_masked, take_pending};
use guests::sdk::abi::event_channel::{EventChannelOp, ExpandArray, InitControl, SetPriority};
use guests::sdk::abi::{Errno, Pfn};
use guests::{Check, ensure, granted, refused};

guests::rule!(check);

/// Without the extension, and with it.
const REFUSALS: &[Errno] = &[Errno::ENOSYS, Errno::EINVAL, Errno::EOPNOTSUPP];

fn check() -> Check {
    let mut control = InitControl {
        control_gfn: Pfn::new(u64::MAX >> 12),
        offset: 0,
        ..InitControl::default()
    };
    let answer = event(EventChannelOp::InitControl, &mut control);
    refused("a block that is none", answer, REFUSALS)?;
    let mut array = ExpandArray {
        array_gfn: Pfn::new(u64::MAX >> 12),
    };
    let answer = event(EventChannelOp::ExpandArray, &mut array);
    refused("an array before its time", answer, REFUSALS)?;
    let port = ipi()?;
    let mut priority = SetPriority { port, priority: 99 };
    let answer = event(EventChannelOp::SetPriority, &mut priority);
    refused("a priority that is none", answer, REFUSALS)?;
    set_masked(port, true);
    granted("send", send(port))?;
    ensure!(take_pending(port), "the event did not arrive");
    Ok(())
}
