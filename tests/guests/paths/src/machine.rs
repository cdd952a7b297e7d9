//! The timed operations and the handlers' addresses.
// UNSAFETY: assembly and its symbols.
#![expect(unsafe_code)]

use core::arch::global_asm;

use ringwall_abi::Hypercall;
use ringwall_abi::arch_x86::{FLAT_USER_CS64, FLAT_USER_SS};

use crate::memory::Slot;

global_asm!(
    include_str!("entry.S"),
    USER_CS = const FLAT_USER_CS64,
    USER_SS = const FLAT_USER_SS,
);

/// What an operation took, in ticks of the TSC with the frame around it, and what it left in rax.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Timed {
    pub(crate) ticks: u64,
    pub(crate) rax: u64,
}

type Routine = unsafe extern "C" fn(u64, u64, u64, u64, u64) -> Timed;

unsafe extern "C" {
    fn timed_nothing(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_hypercall(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_invalid(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_load(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_store(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_rdmsr(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn timed_cpuid(rax: u64, rdi: u64, rsi: u64, rdx: u64, r10: u64) -> Timed;
    fn enter_user(rip: u64) -> u64;
    fn on_fault();
    fn on_fault_with_code();
    fn on_syscall();
    fn user_page();
    fn user_nothing();
    fn user_syscall();
    fn user_fault();
}

/// Nothing: what the frame around an operation takes.
pub(crate) fn nothing() -> Timed {
    run(timed_nothing, 0, [0; 4])
}

/// A hypercall. Its arguments may name only memory that the guest has set aside for it.
pub(crate) fn hypercall(number: Hypercall, arguments: [u64; 4]) -> Timed {
    run(timed_hypercall, number as u64, arguments)
}

/// An invalid instruction, passed over by the handler.
pub(crate) fn invalid() -> Timed {
    run(timed_invalid, 0, [0; 4])
}

/// A load from an address where nothing is mapped, passed over by the handler.
pub(crate) fn load(address: u64) -> Timed {
    run(timed_load, 0, [address, 0, 0, 0])
}

/// A store to a page-table entry, which is mapped read-only.
pub(crate) fn store(slot: Slot, value: u64) -> Timed {
    run(timed_store, 0, [slot.address(), value, 0, 0])
}

/// `rdmsr`.
pub(crate) fn rdmsr(number: u32) -> Timed {
    run(timed_rdmsr, 0, [number.into(), 0, 0, 0])
}

/// `cpuid` behind the prefix that forces its emulation.
pub(crate) fn cpuid(leaf: u32) -> Timed {
    run(timed_cpuid, leaf.into(), [0; 4])
}

fn run(routine: Routine, rax: u64, [rdi, rsi, rdx, r10]: [u64; 4]) -> Timed {
    // SAFETY: the routines keep the registers that the C ABI says they keep. What they do to memory
    // is up to their callers above: a load of nothing, a page-table entry that no reference covers,
    // or a hypercall on memory set aside for it.
    unsafe { routine(rax, rdi, rsi, rdx, r10) }
}

/// What is timed in user code.
#[derive(Clone, Copy)]
pub(crate) enum UserOperation {
    /// What the frame around an operation takes.
    Nothing,
    /// A system call that the kernel answers at once.
    Syscall,
    /// An invalid instruction, passed over by the kernel.
    Fault,
}

/// Runs user code that is mapped at `base`; the result is in ticks, with the frame around it.
pub(crate) fn in_user(base: u64, operation: UserOperation) -> u64 {
    let routine = match operation {
        UserOperation::Nothing => user_nothing as *const () as u64,
        UserOperation::Syscall => user_syscall as *const () as u64,
        UserOperation::Fault => user_fault as *const () as u64,
    };
    // SAFETY: the user's root maps the page that has the routine, which ends by the system call
    // that returns here with the kernel's registers restored.
    unsafe { enter_user(base + (routine - user_code())) }
}

/// The address of the page with the user's code.
pub(crate) fn user_code() -> u64 {
    user_page as *const () as u64
}

/// Handlers of exceptions without an error code, and with one.
pub(crate) fn fault_handlers() -> [u64; 2] {
    [
        on_fault as *const () as u64,
        on_fault_with_code as *const () as u64,
    ]
}

/// The handler of system calls.
pub(crate) fn syscall_handler() -> u64 {
    on_syscall as *const () as u64
}
