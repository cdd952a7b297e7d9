//! Numbers to which the ABI gives no meaning: a hypercall is `ENOSYS`, and so is a subfunction, of whichever hypercall:
//! `public/xen.h` and the header of each. Words are looked at as a whole, or by their low half, and never by fewer bits.
#![no_std]
#![no_main]

use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, address_mut, ask, ask_number, refused};

guests::rule!(check);

/// A subfunction that no hypercall has, below the 64 that `memory_op` leaves for one.
const NONE: u64 = 62;

fn check() -> Check {
    // 48 and 49 are the processor family's: machine checks, and for the hypervisor's own use.
    let beyond = [38, 64, 255, 1 << 32, 1 << 32 | 17, u64::MAX];
    for number in (43..=47).chain(50..=63).chain(beyond) {
        let answer = ask_number(number, [0; 5]);
        refused(
            format_args!("hypercall {number:#x}"),
            answer,
            &[Errno::ENOSYS],
        )?;
    }
    let mut argument = [0_u64; 512];
    let place = address_mut(&mut argument);
    let operation = [NONE, place, 1, 0];
    let cases: [(Hypercall, [u64; 4], Errno); 12] = [
        (Hypercall::EventChannelOp, operation, Errno::ENOSYS),
        (Hypercall::SchedOp, operation, Errno::ENOSYS),
        (Hypercall::VcpuOp, [NONE, 0, place, 0], Errno::ENOSYS),
        (Hypercall::MemoryOp, operation, Errno::ENOSYS),
        (Hypercall::PhysdevOp, operation, Errno::ENOSYS),
        (Hypercall::ConsoleIo, [NONE, 1, place, 0], Errno::ENOSYS),
        (Hypercall::XenVersion, operation, Errno::ENOSYS),
        (Hypercall::CallbackOp, operation, Errno::ENOSYS),
        (Hypercall::GrantTableOp, operation, Errno::ENOSYS),
        (Hypercall::NmiOp, operation, Errno::ENOSYS),
        (Hypercall::VmAssist, [0, NONE, 0, 0], Errno::EINVAL),
        (Hypercall::VmAssist, [NONE, 0, 0, 0], Errno::ENOSYS),
    ];
    for (number, arguments, errno) in cases {
        let answer = ask(number, arguments);
        refused(format_args!("a subfunction of {number}"), answer, &[errno])?;
    }
    for command in [14, NONE] {
        argument[0] = command;
        let place = address_mut(&mut argument);
        let answer = ask(Hypercall::MmuextOp, [place, 1, 0, 0x7ff0]);
        refused(
            format_args!("mmuext_op {command}"),
            answer,
            &[Errno::ENOSYS],
        )?;
    }
    Ok(())
}
