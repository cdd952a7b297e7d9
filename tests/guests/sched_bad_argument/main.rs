//! An operation of `sched_op` whose argument can't be read is `EFAULT`, and the domain goes on: so is a
//! shutdown, which has then not begun. `public/sched.h`.
#![no_std]
#![no_main]

use guests::sdk::abi::sched::SchedOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, refused};

guests::rule!(check);

fn check() -> Check {
    for operation in [SchedOp::Shutdown, SchedOp::ShutdownCode, SchedOp::Poll] {
        let number = u64::from(operation.number());
        for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
            let answer = ask(Hypercall::SchedOp, [number, place]);
            refused(operation, answer, &[Errno::EFAULT])?;
        }
    }
    Ok(())
}
