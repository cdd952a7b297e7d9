//! `vcpu_op` names a virtual CPU of the caller's: one that is none is `ENOENT`, an operation that is none
//! `ENOSYS`: `public/vcpu.h`. The caller is up and can't be brought up anew; who is initialised can't be so
//! again. Lesson 46: addresses in a context are checked.
#![no_std]
#![no_main]

use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, ask, equal, granted, refused};

guests::rule!(check);

fn vcpu(operation: u64, vcpu: u64, argument: u64) -> Answer {
    ask(Hypercall::VcpuOp, [operation, vcpu, argument])
}

fn check() -> Check {
    let number = |operation: VcpuOp| u64::from(operation.number());
    equal(
        "is_up",
        granted("is_up", vcpu(number(VcpuOp::IsUp), 0, 0))?,
        1,
    )?;
    granted("up, which is so", vcpu(number(VcpuOp::Up), 0, 0))?;
    for (operation, _) in VcpuOp::TABLE {
        for none in [4095, 1 << 31, u64::from(u32::MAX)] {
            let answer = vcpu(number(*operation), none, 0);
            refused(operation, answer, &[Errno::ENOENT])?;
        }
    }
    for operation in [14, 99, u64::from(u32::MAX)] {
        refused(operation, vcpu(operation, 0, 0), &[Errno::ENOSYS])?;
    }
    let unreadable = vcpu(number(VcpuOp::Initialise), 0, 0x10);
    refused(
        "a context that is none",
        unreadable,
        &[Errno::EFAULT, Errno::EEXIST],
    )?;
    let area = vcpu(number(VcpuOp::RegisterVcpuTimeMemoryArea), 0, 0x10);
    refused("an area that is none", area, &[Errno::EFAULT])
}
