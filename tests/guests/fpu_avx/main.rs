//! Where CPUID shows XSAVE, the guest turns it on by CR4.OSXSAVE and sets XCR0 by `xsetbv`, which is the kernel's alone: x87
//! is always on, AVX needs SSE, other components and registers are #GP. AVX registers then keep what is put there:
//! SDM vol. 1, 13.3; Lesson 50.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::sched::SchedOp;
use guests::{Check, ask, code, ensure, skip};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let cpuid = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = cpuid.at(Level::Kernel);
    entry.rax = 1;
    let features = ends(&cpuid, &entry)?.rcx;
    if features >> 26 & 1 == 0 || features >> 28 & 1 == 0 {
        skip!("this CPU has no AVX, or the guest is not told of it");
    }
    let enable = code!("mov rax, cr4", "or eax, 0x40000", "mov cr4, rax");
    ends(&enable, &enable.at(Level::Kernel))?;
    let set = code!("xsetbv");
    for (register, value) in [
        (0, 0),
        (0, 0b110),
        (0, 0b101),
        (0, 1 << 62 | 0b111),
        (1, 0b11),
    ] {
        let mut entry = set.at(Level::Kernel);
        (entry.rcx, entry.rax, entry.rdx) = (register, value & 0xffff_ffff, value >> 32);
        raises(&set, &entry, Raised::by(13).error(0))?;
    }
    let mut entry = set.at(Level::Kernel);
    entry.rax = 0b111;
    raises(&set, &set.at(Level::User), Raised::by(13).error(0))?;
    ends(&set, &entry)?;
    let get = code!("xgetbv");
    for level in Level::ALL {
        let exit = ends(&get, &get.at(level))?;
        ensure!(
            [exit.rax, exit.rdx] == [0b111, 0],
            "XCR0 is {:#x}:{:#x}",
            exit.rdx,
            exit.rax
        );
    }
    let load = code!(
        "movq xmm0, rdi",
        "vinsertf128 ymm0, ymm0, xmm0, 1",
        "vxorps xmm1, xmm1, xmm1",
    );
    let mut entry = load.at(Level::User);
    entry.rdi = 0x1111_2222_3333_4444;
    ends(&load, &entry)?;
    for _ in 0..100 {
        let _ = ask(Hypercall::SchedOp, [SchedOp::Yield as u64, 0]);
    }
    let look = code!("vextractf128 xmm2, ymm0, 1", "movq rax, xmm2");
    let exit = ends(&look, &look.at(Level::Kernel))?;
    ensure!(exit.rax == entry.rdi, "the upper half is {:#x}", exit.rax);
    Ok(())
}
