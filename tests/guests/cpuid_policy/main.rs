//! `cpuid` behind the emulation prefix shows no feature that a PV guest can't have: hardware virtualization, SMEP and
//! SMAP, PCID, x2APIC's kind of topology apart, `monitor`; and shows those that the ABI rests on: long mode, `syscall`,
//! SSE2. `public/arch-x86/xen.h`, `XEN_CPUID`; Linux masks nothing of this itself.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends};
use guests::{Check, Verdict, code, ensure};

guests::rule!(check);

#[derive(Clone, Copy)]
enum Register {
    Ebx,
    Ecx,
    Edx,
}
use Register::{Ebx, Ecx, Edx};

/// Leaf, register, bit, name.
const HIDDEN: [(u32, Register, u32, &str); 13] = [
    (1, Ecx, 3, "monitor"),
    (1, Ecx, 5, "VMX"),
    (1, Ecx, 6, "SMX"),
    (1, Ecx, 15, "PDCM"),
    (1, Ecx, 17, "PCID"),
    (1, Edx, 1, "VME"),
    (1, Edx, 13, "PGE"),
    (7, Ebx, 7, "SMEP"),
    (7, Ebx, 10, "INVPCID"),
    (7, Ebx, 20, "SMAP"),
    (7, Ecx, 2, "UMIP"),
    (7, Ecx, 16, "LA57"),
    (0x8000_0001, Ecx, 2, "SVM"),
];
const SHOWN: [(u32, Register, u32, &str); 6] = [
    (1, Edx, 0, "FPU"),
    (1, Edx, 6, "PAE"),
    (1, Edx, 24, "FXSR"),
    (1, Edx, 26, "SSE2"),
    (0x8000_0001, Edx, 11, "syscall"),
    (0x8000_0001, Edx, 29, "long mode"),
];

fn has(leaf: u32, register: Register, bit: u32) -> Result<bool, Verdict> {
    let code = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = code.at(Level::Kernel);
    entry.rax = leaf.into();
    let exit = ends(&code, &entry)?;
    let word = match register {
        Ebx => exit.rbx,
        Ecx => exit.rcx,
        Edx => exit.rdx,
    };
    Ok(word >> bit & 1 != 0)
}

fn check() -> Check {
    attempt::take()?;
    for (leaf, register, bit, name) in HIDDEN {
        ensure!(!has(leaf, register, bit)?, "{name} is shown");
    }
    for (leaf, register, bit, name) in SHOWN {
        ensure!(has(leaf, register, bit)?, "{name} is not shown");
    }
    // The hypervisor bit says that the leaves from 0x40000000 on are there.
    ensure!(has(1, Ecx, 31)?, "no hypervisor is shown");
    Ok(())
}
