//! A handler whose flags have bit 2 starts with upcalls masked; another one starts with the mask as it was. The frame
//! says how it was, in IF and above the code selector: `public/arch-x86/xen.h`, `TI_GET_IF`, `saved_upcall_mask`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, set_trap};
use guests::sdk::abi::arch_x86::TrapFlags;
use guests::{Check, code, ensure};

guests::rule!(check);

const INTERRUPT_FLAG: u64 = 1 << 9;

fn check() -> Check {
    attempt::take()?;
    let code = code!("ud2");
    for flags in [TrapFlags::empty(), TrapFlags::MASK_EVENTS] {
        set_trap(6, flags)?;
        for level in Level::ALL {
            for enabled in [0, INTERRUPT_FLAG] {
                let mut entry = code.at(level);
                entry.rflags |= enabled;
                let exit = entry.go();
                exit.has_frame_of(&entry)?;
                let masked = enabled == 0 || flags == TrapFlags::MASK_EVENTS;
                ensure!(
                    exit.masked == masked,
                    "{level:?}, {flags:?}, entered with IF {enabled:#x}: masked is {}",
                    exit.masked
                );
            }
        }
    }
    Ok(())
}
