//! Ports are used as `PHYSDEVOP_set_iopl` allows: by the kernel from 1 on, by user code at 3. Below, `in`, `out` and their
//! string forms are #GP at the instruction. Above 3 is `EINVAL`: `public/physdev.h`.
//! Frames show no IOPL: that takes `VMASST_TYPE_architectural_iopl`, `public/xen.h`.
//!
//! Port 0x80 is nobody's device.
#![no_std]
#![no_main]

use guests::attempt::{self, Code, Level, ends, needs};
use guests::sdk::abi::physdev::{PhysdevOp, SetIopl};
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, address, ask, code, ensure};

guests::rule!(check);

const IOPL: u64 = 3 << 12;

fn set_iopl(iopl: u32) -> Answer {
    let argument = SetIopl { iopl };
    let arguments = [PhysdevOp::SetIopl as u64, address(&argument)];
    ask(Hypercall::PhysdevOp, arguments)
}

fn check() -> Check {
    attempt::take()?;
    let codes = [
        code!("mov edx, 0x80", "out dx, al"),
        code!("mov edx, 0x80", "in al, dx"),
        code!("out 0x80, al", "nop", "nop", "nop"),
    ];
    for iopl in 0..=3 {
        needs("PHYSDEVOP_set_iopl", set_iopl(iopl))?;
        for code in &codes {
            ports(code, Level::Kernel, iopl >= 1)?;
            ports(code, Level::User, iopl >= 3)?;
        }
        let invalid = code!("ud2");
        let exit = invalid.at(Level::User).go();
        ensure!(
            exit.rflags & IOPL == 0,
            "at IOPL {iopl} a frame has rflags {:#x}",
            exit.rflags
        );
    }
    for iopl in [4, u32::MAX] {
        let answer = set_iopl(iopl);
        ensure!(answer.is(Errno::EINVAL), "IOPL {iopl}: {answer}");
    }
    Ok(())
}

fn ports(code: &Code, level: Level, allowed: bool) -> Check {
    let entry = code.at(level);
    if allowed {
        return ends(code, &entry).map(|_| ());
    }
    let exit = entry.go();
    ensure!(
        exit.raised(13, Some(0)) && exit.rip < code.end,
        "{level:?}: a port is used without the right: {exit}"
    );
    exit.has_frame_of(&entry)
}
