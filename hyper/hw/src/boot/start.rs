//! The first instructions, and the first line of Rust.
// UNSAFETY: the entry from assembly, and the loader's information by physical address.
#![expect(unsafe_code)]

use core::arch::global_asm;

use super::info::BootInformation;
use super::{multiboot1, multiboot2};

global_asm!(include_str!("start.S"));

unsafe extern "Rust" {
    /// The hypervisor's main function; `hyper` defines it by [`crate::boot_entry`].
    safe fn ringwall_main(information: &'static BootInformation) -> !;
}

/// Names the function that runs after boot.
///
/// It is called once, on the boot CPU, with interrupts off and the boot loader's tables in place.
#[macro_export]
macro_rules! boot_entry {
    ($function:path) => {
        const _: () = {
            // SAFETY: `hw` declares the symbol with this signature, and this is its one definition.
            #[unsafe(no_mangle)]
            fn ringwall_main(information: &'static $crate::boot::BootInformation) -> ! {
                let function: fn(&'static $crate::boot::BootInformation) -> ! = $function;
                function(information)
            }
        };
    };
}

static INFORMATION: spin::Mutex<BootInformation> = spin::Mutex::new(BootInformation::empty());

/// Called by `start.S`, once.
// SAFETY: no other symbol of this name exists; `start.S` calls it as declared.
#[unsafe(no_mangle)]
extern "C" fn ringwall_start(magic: u32, address: u32) -> ! {
    let information = spin::MutexGuard::leak(INFORMATION.lock());
    match magic {
        // SAFETY: the loader promises its structure at this address, below 4 GiB, which is mapped.
        multiboot1::MAGIC => unsafe { multiboot1::read(address, information) },
        // SAFETY: as above.
        multiboot2::MAGIC => unsafe { multiboot2::read(address, information) },
        // `is_known` stays false.
        _ => {}
    }
    crate::cpu::patch_smap_sites();
    ringwall_main(information)
}
