//! Where the hypervisor enters the guest.
// UNSAFETY: assembly, its symbols, and the Rust that it calls.
#![cfg_attr(target_os = "none", expect(unsafe_code))]

#[cfg(target_os = "none")]
pub(crate) use freestanding::*;
#[cfg(not(target_os = "none"))]
pub(crate) use hosted::*;

/// Bytes of the first virtual CPU's stack.
pub(crate) const STACK_SIZE: usize = 64 << 10;

/// Code that may end by an exception.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Probe {
    Read,
    Write,
    Divide,
    Int3,
    Ud2,
    Fpu,
    Stack,
    General,
    Selector,
    Float,
    Simd,
    Int80,
}

#[cfg(target_os = "none")]
mod freestanding {
    use core::arch::global_asm;
    use core::mem::offset_of;

    use ringwall_abi::elfnote::ElfNote;
    use ringwall_abi::features::Feature;
    use ringwall_abi::xen::StartInfo;
    use ringwall_abi::{GuestAddress, Hypercall};

    use super::Probe;
    use super::STACK_SIZE;
    use crate::memory::VIRT_BASE;
    use crate::raw::registers::{self, Local};
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
        NOTE_SUSPEND_CANCEL = const ElfNote::SuspendCancel as u32,
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

    /// What a probe returns.
    #[repr(C)]
    struct Probed {
        rax: u64,
        rdx: u64,
    }
    type ProbeCode = unsafe extern "C" fn(u64, u64) -> Probed;

    unsafe extern "C" {
        fn guest_vcpu_entry();
        fn guest_enter_user(frame: *mut Frame);
        fn guest_probes();
        fn guest_probes_end();
        fn guest_probe_failed();
        fn guest_probe_read(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_write(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_divide(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_int3(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_ud2(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_fpu(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_stack(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_general(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_selector(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_float(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_simd(rdi: u64, rsi: u64) -> Probed;
        fn guest_probe_int80(rdi: u64, rsi: u64) -> Probed;
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

    #[unsafe(no_mangle)]
    extern "C" fn guest_vcpu_begin() -> ! {
        crate::vcpu::begin()
    }

    /// The first instruction of further virtual CPUs.
    pub(crate) fn vcpu_entry() -> GuestAddress {
        GuestAddress::new(guest_vcpu_entry as *const () as u64)
    }

    /// Runs user code from this frame on, until it is left; the frame then has its registers.
    ///
    /// Upcalls must be masked, and are so afterwards.
    ///
    /// # Safety
    ///
    /// The frame must be user code's, under the user root that is loaded.
    pub(crate) unsafe fn run_user(frame: &mut Frame) {
        let end = registers::entry_stack(registers::vcpu()).unwrap_or(0);
        let place = core::ptr::with_exposed_provenance_mut::<Frame>(crate::memory::word(
            end - size_of::<Frame>() as u64,
        ));
        // SAFETY: 1. the stack for entries is this virtual CPU's, has room for a frame at its end, and is
        // not in use: no user code runs; 2. the entry code leaves the frame where it took it from, and
        // restores the registers that the C ABI says it restores.
        unsafe {
            place.write(*frame);
            guest_enter_user(place);
            *frame = place.read();
        }
    }

    /// Runs a probe; what it reads, or the exception that ended it: vector and error code.
    ///
    /// # Safety
    ///
    /// A write must be one that is allowed, or faults.
    pub(crate) unsafe fn probe(probe: Probe, address: u64, value: u64) -> Result<u64, (u64, u64)> {
        let code: ProbeCode = match probe {
            Probe::Read => guest_probe_read,
            Probe::Write => guest_probe_write,
            Probe::Divide => guest_probe_divide,
            Probe::Int3 => guest_probe_int3,
            Probe::Ud2 => guest_probe_ud2,
            Probe::Fpu => guest_probe_fpu,
            Probe::Stack => guest_probe_stack,
            Probe::General => guest_probe_general,
            Probe::Selector => guest_probe_selector,
            Probe::Float => guest_probe_float,
            Probe::Simd => guest_probe_simd,
            Probe::Int80 => guest_probe_int80,
        };
        // SAFETY: probes keep the registers that the C ABI says they keep, also where an exception ends
        // them; the write is the caller's promise.
        let probed = unsafe { code(address, value) };
        match probed.rdx.checked_sub(1) {
            None => Ok(probed.rax),
            Some(vector) => Err((vector, probed.rax)),
        }
    }

    /// Ends a probe by the exception that has interrupted it; false where something else was interrupted.
    pub(crate) fn end_probe(frame: &mut Frame) -> bool {
        let probes = guest_probes as *const () as u64..guest_probes_end as *const () as u64;
        let interrupted = probes.contains(&frame.rip);
        if interrupted {
            frame.rax = frame.error_code();
            frame.rdx = frame.vector() + 1;
            frame.rip = guest_probe_failed as *const () as u64;
        }
        interrupted
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

    use super::Probe;
    use crate::trap::Frame;

    /// A host's program has no virtual CPUs.
    pub(crate) fn vcpu_entry() -> GuestAddress {
        GuestAddress::NULL
    }

    /// A host's program has no user code.
    ///
    /// # Safety
    ///
    /// Nothing is done.
    #[expect(unsafe_code, reason = "has the other one's signature")]
    pub(crate) unsafe fn run_user(_frame: &mut Frame) {}

    /// A host's exceptions are its system's.
    ///
    /// # Safety
    ///
    /// Nothing is done.
    #[expect(unsafe_code, reason = "has the other one's signature")]
    pub(crate) unsafe fn probe(
        _probe: Probe,
        _address: u64,
        _value: u64,
    ) -> Result<u64, (u64, u64)> {
        Err((0, 0))
    }

    /// A host's exceptions are its system's.
    pub(crate) fn end_probe(_frame: &mut Frame) -> bool {
        false
    }

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
