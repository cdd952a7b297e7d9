//! `int n` enters the guest's handler, behind the instruction and without an error code, where the gate's DPL allows
//! it: 3 for user code, 1 and above for the kernel. Otherwise it is #GP with the error code `8n + 2` at the
//! instruction: `public/arch-x86/xen.h`, `TI_GET_DPL`; SDM vol. 3A, 6.12.1.2.
//!
//! Xen has a gate of the CPU's own for 0x80, and passes its DPL over. QEMU before 8.0 pushes `16n + 2` for all others,
//! which Xen takes for another vector.
#![no_std]
#![no_main]

use guests::attempt::{self, Code, Level, Raised, set_trap};
use guests::sdk::abi::arch_x86::TrapFlags;
use guests::{Check, code, differs, skip};

guests::rule!(check);

const LINUX: u8 = 0x80;

fn check() -> Check {
    attempt::take()?;
    for (vector, code) in [
        (LINUX, code!("int 0x80")),
        (0x20, code!("int 0x20")),
        (0x41, code!("int 0x41")),
        (0xff, code!("int 0xff")),
    ] {
        for dpl in 0..=3 {
            let flags = TrapFlags::MASK_EVENTS | TrapFlags::from_bits_retain(dpl);
            set_trap(vector, flags)?;
            for level in Level::ALL {
                raise(&code, vector, dpl, level)?;
            }
        }
    }
    Ok(())
}

fn raise(code: &Code, vector: u8, dpl: u8, level: Level) -> Check {
    let lowest = match level {
        Level::Kernel => 1,
        Level::User => 3,
    };
    let error = u64::from(vector) << 3 | 2;
    let entry = code.at(level);
    let exit = entry.go();
    if exit.raised(13, Some(u64::from(vector) << 4 | 2)) {
        skip!("this QEMU pushes 16n + 2 for int n, and the hypervisor believes it");
    }
    if dpl < lowest && vector == LINUX && exit.raised(LINUX, None) {
        differs(format_args!(
            "{level:?}: int 0x80 passes a gate of DPL {dpl}"
        ));
        return Ok(());
    }
    let raised = if dpl >= lowest {
        Raised::by(vector).at(2)
    } else {
        Raised::by(13).error(error)
    };
    exit.is(code, &entry, raised)
}
