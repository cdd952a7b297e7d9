//! An operation on event channels that is none is `ENOSYS`, an argument that can't be read `EFAULT`:
//! `public/event_channel.h`. The hypervisor's own addresses, and those that are not canonical, can't be read.
#![no_std]
#![no_main]

use guests::sdk::abi::event_channel::EventChannelOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, address, ask, refused};

guests::rule!(check);

fn check() -> Check {
    for operation in [15, 1000, u64::from(u32::MAX)] {
        let answer = ask(Hypercall::EventChannelOp, [operation, address(&[0_u64; 8])]);
        refused("no operation", answer, &[Errno::ENOSYS])?;
    }
    for (operation, _) in EventChannelOp::TABLE {
        // FIFO's: a hypervisor without them does not look at their argument.
        let errnos = match operation {
            EventChannelOp::InitControl
            | EventChannelOp::ExpandArray
            | EventChannelOp::SetPriority => &[Errno::EFAULT, Errno::ENOSYS][..],
            _ => &[Errno::EFAULT],
        };
        for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
            let arguments = [u64::from(operation.number()), place];
            refused(operation, ask(Hypercall::EventChannelOp, arguments), errnos)?;
        }
    }
    Ok(())
}
