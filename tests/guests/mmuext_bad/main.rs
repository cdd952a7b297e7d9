//! An operation of `mmuext_op` that is none is refused, as is a list that can't be read; operations before the bad one
//! were done, and how many is said: `public/xen.h`. Marks of large pages are for domains that have such.
#![no_std]
#![no_main]

use guests::memory::{extended, table};
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp};
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::sdk::memory::entry::Level;
use guests::{Check, address, address_mut, ask, ensure, equal, refused};

guests::rule!(check);

fn check() -> Check {
    let own = u64::from(DomainId::SELF.raw());
    let flush = MmuextOp::new(MmuExtCommand::TlbFlushLocal, 0, 0);
    let none = MmuextOp { cmd: 99, ..flush };
    let list = [flush, flush, none, flush];
    let mut done = 77_u32;
    let arguments = [address(&list), 4, address_mut(&mut done), own];
    let answer = ask(Hypercall::MmuextOp, arguments);
    refused("no operation", answer, &[Errno::ENOSYS, Errno::EOPNOTSUPP])?;
    equal("done", done, 2)?;
    for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        refused(
            "no list",
            ask(Hypercall::MmuextOp, [place, 1, 0, own]),
            &[Errno::EFAULT],
        )?;
    }
    let (_, l1) = table(Level::L1)?;
    for command in [MmuExtCommand::MarkSuper, MmuExtCommand::UnmarkSuper] {
        let answer = extended(command, l1.raw(), 0);
        ensure!(!answer.is_ok(), "{command} of a small page");
    }
    let of = ask(Hypercall::MmuextOp, [address(&list), 1, 0, 1234]);
    refused("of no domain", of, &[Errno::ESRCH])
}
