//! The start of a test guest's day, and its end by surprise.
// UNSAFETY: assembly, its symbols, and the Rust that it calls.
#![expect(unsafe_code)]

use core::arch::global_asm;

use ringwall_abi::elfnote::ElfNote;
use ringwall_abi::features::Feature;
use ringwall_abi::xen::StartInfo;

use crate::memory::Start;

global_asm!(
    include_str!("start.S"),
    NOTE_ENTRY = const ElfNote::Entry as u32,
    NOTE_VIRT_BASE = const ElfNote::VirtBase as u32,
    NOTE_PADDR_OFFSET = const ElfNote::PaddrOffset as u32,
    NOTE_XEN_VERSION = const ElfNote::XenVersion as u32,
    NOTE_GUEST_OS = const ElfNote::GuestOs as u32,
    NOTE_LOADER = const ElfNote::Loader as u32,
    NOTE_SUPPORTED_FEATURES = const ElfNote::SupportedFeatures as u32,
    FEATURES = const 1_u32 << Feature::Dom0 as u32,
);

unsafe extern "C" {
    fn on_surprise();
    fn guest_stack_end();
}

/// The handler of what does not happen.
pub(crate) fn surprise_handler() -> u64 {
    on_surprise as *const () as u64
}

/// Where a stack for entries begins: in the middle of the guest's own.
pub(crate) fn entry_stack() -> u64 {
    guest_stack_end as *const () as u64 - 0x8000
}

#[unsafe(no_mangle)]
extern "C" fn guest_main(start_info: *const StartInfo, first_tsc: u64) -> ! {
    // SAFETY: the entry has rsi from the hypervisor, which put the address of start_info there; the
    // page stays mapped, and nobody writes it.
    let start_info = unsafe { &*start_info };
    crate::main(&Start::new(start_info), first_tsc)
}

#[unsafe(no_mangle)]
extern "C" fn guest_surprised(frame: *const [u64; 6]) -> ! {
    // SAFETY: the handler passes its stack, where the hypervisor has put at least six words.
    crate::surprised(unsafe { &*frame })
}
