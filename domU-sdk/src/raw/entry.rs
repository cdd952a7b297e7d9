//! Where the hypervisor enters the guest.
// UNSAFETY: assembly, its symbols, and the Rust that it calls.
#![cfg_attr(target_os = "none", expect(unsafe_code))]

#[cfg(target_os = "none")]
pub(crate) use freestanding::*;
#[cfg(not(target_os = "none"))]
pub(crate) use hosted::*;

/// Bytes of the first virtual CPU's stack.
pub(crate) const STACK_SIZE: usize = 64 << 10;

#[cfg(target_os = "none")]
mod freestanding {
    use core::arch::global_asm;
    use core::mem::offset_of;

    use ringwall_abi::elfnote::ElfNote;
    use ringwall_abi::features::Feature;
    use ringwall_abi::xen::StartInfo;
    use ringwall_abi::{GuestAddress, Hypercall};

    use super::STACK_SIZE;
    use crate::memory::VIRT_BASE;
    use crate::raw::registers::Local;
    use crate::start;
    use crate::trap::{self, EVENT, FAILSAFE, Frame, SYSCALL};

    global_asm!(
        include_str!("entry.S"),
        NOTE_ENTRY = const ElfNote::Entry as u32,
        NOTE_VIRT_BASE = const ElfNote::VirtBase as u32,
        NOTE_PADDR_OFFSET = const ElfNote::PaddrOffset as u32,
        NOTE_XEN_VERSION = const ElfNote::XenVersion as u32,
        NOTE_GUEST_OS = const ElfNote::GuestOs as u32,
        NOTE_LOADER = const ElfNote::Loader as u32,
        NOTE_SUPPORTED_FEATURES = const ElfNote::SupportedFeatures as u32,
        FEATURES = const Feature::Dom0.bit(),
        VIRT_BASE = const VIRT_BASE,
        STACK_SIZE = const STACK_SIZE,
        EVENT = const EVENT,
        SYSCALL = const SYSCALL,
        FAILSAFE = const FAILSAFE,
        IRET = const Hypercall::Iret as u32,
        FRAME_CS = const Frame::CS,
        FRAME_RIP = const offset_of!(Frame, rip),
        LOCAL_KERNEL_RSP = const offset_of!(Local, kernel_rsp),
    );

    unsafe extern "C" {
        fn guest_vectors();
        fn guest_on_event();
        fn guest_on_syscall();
        fn guest_on_failsafe();
        fn guest_stack_guard();
        fn guest_stack_end();
        fn __guest_text_start();
        fn __guest_text_end();
    }
    unsafe extern "Rust" {
        /// What `entry!` makes of the user's `main`.
        safe fn ringwall_sdk_main();
    }

    #[unsafe(no_mangle)]
    extern "C" fn guest_begin(start_info: *const StartInfo, boot_stack_end: u64) -> ! {
        // SAFETY: the entry has rsi from the hypervisor, which put the address of start_info there;
        // the page stays mapped, and nobody writes it.
        let start_info = unsafe { &*start_info };
        start::begin(start_info, boot_stack_end);
        ringwall_sdk_main();
        crate::shutdown::end()
    }

    #[unsafe(no_mangle)]
    extern "C" fn guest_on_trap(frame: *mut Frame) {
        // SAFETY: the entry code has pushed a frame there, and does not touch it until this returns.
        trap::dispatch(unsafe { &mut *frame });
    }

    /// The entry of an exception or a soft interrupt.
    pub(crate) fn vector(number: u8) -> GuestAddress {
        GuestAddress::new(guest_vectors as *const () as u64 + u64::from(number) * 32)
    }

    /// The entry of events.
    pub(crate) fn event() -> GuestAddress {
        GuestAddress::new(guest_on_event as *const () as u64)
    }

    /// The entry of system calls.
    pub(crate) fn syscall() -> GuestAddress {
        GuestAddress::new(guest_on_syscall as *const () as u64)
    }

    /// The entry of returns that failed.
    pub(crate) fn failsafe() -> GuestAddress {
        GuestAddress::new(guest_on_failsafe as *const () as u64)
    }

    /// The page below the first stack.
    pub(crate) fn stack_guard() -> u64 {
        guest_stack_guard as *const () as u64
    }

    /// The first stack, without the page below it.
    pub(crate) fn stack() -> core::ops::Range<u64> {
        let end = guest_stack_end as *const () as u64;
        end - STACK_SIZE as u64..end
    }

    /// The guest's code.
    pub(crate) fn text() -> core::ops::Range<u64> {
        __guest_text_start as *const () as u64..__guest_text_end as *const () as u64
    }
}

#[cfg(not(target_os = "none"))]
mod hosted {
    use ringwall_abi::GuestAddress;

    /// No hypervisor enters a host's program.
    pub(crate) fn vector(_number: u8) -> GuestAddress {
        GuestAddress::NULL
    }

    /// No hypervisor enters a host's program.
    pub(crate) fn event() -> GuestAddress {
        GuestAddress::NULL
    }

    /// No hypervisor enters a host's program.
    pub(crate) fn syscall() -> GuestAddress {
        GuestAddress::NULL
    }

    /// No hypervisor enters a host's program.
    pub(crate) fn failsafe() -> GuestAddress {
        GuestAddress::NULL
    }

    /// A host's stacks are its own.
    pub(crate) fn stack_guard() -> u64 {
        0
    }

    /// A host's stacks are its own.
    pub(crate) fn stack() -> core::ops::Range<u64> {
        0..0
    }

    /// A host's code is its own.
    pub(crate) fn text() -> core::ops::Range<u64> {
        0..0
    }
}
