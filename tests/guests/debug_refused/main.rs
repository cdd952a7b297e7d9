//! Debug registers take no breakpoint on the hypervisor's memory, no address that is none, no reserved bits that fault, no
//! general detection: `EPERM`. The upper halves of DR6 and DR7 are `EINVAL`, as are registers that there are not. `mov` of such a value is #GP. `public/xen.h`;
//! Lesson 49.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, raises};
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    for (register, value) in [
        (0, 0xffff_8200_0000_0000),
        (1, 0xffff_8000_0000_0000),
        (2, 0xffff_87ff_ffff_ffff),
        (3, 0x0000_8000_0000_0000),
    ] {
        let answer = ask(Hypercall::SetDebugreg, [register, value]);
        ensure!(
            answer.is(Errno::EPERM),
            "DR{register} takes {value:#x}: {answer}"
        );
    }
    for register in [6, 7] {
        let answer = ask(Hypercall::SetDebugreg, [register, 1 << 32]);
        ensure!(
            answer.is(Errno::EINVAL),
            "DR{register} takes bit 32: {answer}"
        );
    }
    for register in [8, 9, 255] {
        for answer in [
            ask(Hypercall::SetDebugreg, [register, 0]),
            ask(Hypercall::GetDebugreg, [register]),
        ] {
            ensure!(
                answer.is(Errno::EINVAL) || answer.is(Errno::ENODEV),
                "DR{register}: {answer}"
            );
        }
    }
    let code = code!("mov dr0, rdi");
    let mut entry = code.at(Level::Kernel);
    entry.rdi = 0xffff_8200_0000_0000;
    raises(&code, &entry, Raised::by(13).error(0))?;
    // General detection is not the guest's: no later access traps by it.
    let detect = ask(Hypercall::SetDebugreg, [7, 1 << 13 | 0x400]);
    let dr7 = ask(Hypercall::GetDebugreg, [7]);
    ensure!(
        detect.is(Errno::EPERM) || dr7.0 & 1 << 13 == 0,
        "general detection is on: {detect}, DR7 {dr7}"
    );
    Ok(())
}
