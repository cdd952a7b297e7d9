//! FIFO events are an extension that a hypervisor need not have: a guest asks by
//! `EVTCHNOP_init_control`, and takes any error as "two levels": `public/event_channel.h`. Whatever it
//! says, a control block that is none is refused, and two-level events go on.
#![no_std]
#![no_main]

use guests::events::{ipi, send, set_masked, take_pending};
use guests::sdk::abi::{Errno, Mfn, VcpuId};
use guests::sdk::hypercall::{event_expand_array, event_init_control, event_set_priority};
use guests::{Check, ensure, granted, refused};

guests::rule!(check);

/// Without the extension, and with it.
const REFUSALS: &[Errno] = &[Errno::ENOSYS, Errno::EINVAL, Errno::EOPNOTSUPP];

fn check() -> Check {
    let nobodys = Mfn::new(u64::MAX >> 12);
    #[expect(unsafe_code, reason = "frames that are refused")]
    // SAFETY: the frame is nobody's.
    let (control, array) = unsafe {
        (
            event_init_control(VcpuId::new(0), nobodys, 0),
            event_expand_array(nobodys),
        )
    };
    refused("a block that is none", control.into(), REFUSALS)?;
    refused("an array before its time", array.into(), REFUSALS)?;
    let port = ipi()?;
    let priority = event_set_priority(port, 99);
    refused("a priority that is none", priority.into(), REFUSALS)?;
    set_masked(port, true);
    granted("send", send(port))?;
    ensure!(take_pending(port), "the event did not arrive");
    Ok(())
}
