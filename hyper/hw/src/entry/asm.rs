//! The entry page, and the offsets that it shares with Rust.
// UNSAFETY: assembly, and the addresses of its symbols.
#![expect(unsafe_code)]

use core::arch::global_asm;
use core::mem::{offset_of, size_of};

use super::frame::{GuestFrame, SYSCALL_VECTOR};
use crate::cpu::local::CpuLocal;
use crate::layout::{CPU_WINDOWS_START, ENTRY_OFFSET, HYPERVISOR_START};

/// `FLAT_RING3_CS64` of public/arch-x86/xen-x86_64.h.
const CS64: u64 = 0xe033;
/// `FLAT_RING3_CS32`.
const CS32: u64 = 0xe023;
/// `FLAT_RING3_DS32`, the stack segment of both modes.
const DS: u64 = 0xe02b;
/// AC, VM, RF, NT, IOPL, DF, TF: off when the guest's kernel is entered.
const RFLAGS_CLEARED_FOR_KERNEL: u32 = 0x0007_7500;
/// Bits that a return to user code by the fast path needs to have fixed values.
const RFLAGS_USER_CHECKED: u32 = 0x001b_7300;
/// `FLAT_KERNEL_CS64` as frames of interrupted kernel code show it: with ring 0.
const KERNEL_CS_SHOWN: u64 = 0xe030;
/// TF, NT, RF, VM, VIF, VIP: a return to kernel code by the fast path needs them off.
const RFLAGS_KERNEL_CHECKED: u32 = 0x001b_4100;
/// The I/O privilege level, which is shown in frames and never loaded.
const RFLAGS_IOPL: u32 = 0x3000;
/// Their values: IF alone.
const RFLAGS_USER_FIXED: u32 = 0x200;

global_asm!(
    include_str!("entry.S"),
    F_R15 = const offset_of!(GuestFrame, r15),
    F_R14 = const offset_of!(GuestFrame, r14),
    F_R13 = const offset_of!(GuestFrame, r13),
    F_R12 = const offset_of!(GuestFrame, r12),
    F_RBP = const offset_of!(GuestFrame, rbp),
    F_RBX = const offset_of!(GuestFrame, rbx),
    F_R11 = const offset_of!(GuestFrame, r11),
    F_R10 = const offset_of!(GuestFrame, r10),
    F_R9 = const offset_of!(GuestFrame, r9),
    F_R8 = const offset_of!(GuestFrame, r8),
    F_RAX = const offset_of!(GuestFrame, rax),
    F_RCX = const offset_of!(GuestFrame, rcx),
    F_RDX = const offset_of!(GuestFrame, rdx),
    F_RSI = const offset_of!(GuestFrame, rsi),
    F_RDI = const offset_of!(GuestFrame, rdi),
    F_VECTOR = const offset_of!(GuestFrame, vector),
    F_RIP = const offset_of!(GuestFrame, rip),
    F_CS = const offset_of!(GuestFrame, cs),
    F_RFLAGS = const offset_of!(GuestFrame, rflags),
    F_RSP = const offset_of!(GuestFrame, rsp),
    F_SS = const offset_of!(GuestFrame, ss),
    FRAME_WORDS = const size_of::<GuestFrame>() / 8,
    L_KERNEL_ROOT = const offset_of!(CpuLocal, guest.kernel_root),
    L_USER_ROOT = const offset_of!(CpuLocal, guest.user_root),
    L_KERNEL_STACK = const offset_of!(CpuLocal, guest.kernel_stack),
    L_SYSCALL_TARGET = const offset_of!(CpuLocal, guest.syscall_target),
    L_SYSCALL_MASKS = const offset_of!(CpuLocal, guest.syscall_masks_events),
    L_VCPU_INFO = const offset_of!(CpuLocal, guest.vcpu_info),
    L_MODE = const offset_of!(CpuLocal, guest.kernel_mode),
    L_KERNEL_IO_BITMAP = const offset_of!(CpuLocal, guest.kernel_io_bitmap),
    L_USER_IO_BITMAP = const offset_of!(CpuLocal, guest.user_io_bitmap),
    L_ATTENTION = const offset_of!(CpuLocal, attention),
    L_SCRATCH0 = const offset_of!(CpuLocal, scratch),
    L_SCRATCH1 = const offset_of!(CpuLocal, scratch) + 8,
    L_SCRATCH2 = const offset_of!(CpuLocal, scratch) + 16,
    L_ON_SYSCALL = const offset_of!(CpuLocal, handlers.on_syscall),
    L_ON_SYSCALL32 = const offset_of!(CpuLocal, handlers.on_syscall32),
    L_ON_TRAP = const offset_of!(CpuLocal, handlers.on_trap),
    L_ON_EXIT = const offset_of!(CpuLocal, handlers.on_exit),
    L_ON_BAD_IRET = const offset_of!(CpuLocal, handlers.on_bad_iret),
    L_ON_BAD_STACK = const offset_of!(CpuLocal, handlers.on_bad_stack),
    L_ON_FAULT = const offset_of!(CpuLocal, on_fault),
    SYSCALL_VECTOR = const SYSCALL_VECTOR,
    CS64 = const CS64,
    CS32 = const CS32,
    DS = const DS,
    RFLAGS_CLEARED_FOR_KERNEL = const RFLAGS_CLEARED_FOR_KERNEL,
    RFLAGS_USER_CHECKED = const RFLAGS_USER_CHECKED,
    RFLAGS_USER_FIXED = const RFLAGS_USER_FIXED,
    RFLAGS_KERNEL_CHECKED = const RFLAGS_KERNEL_CHECKED,
    RFLAGS_IOPL = const RFLAGS_IOPL,
    KERNEL_CS_SHOWN = const KERNEL_CS_SHOWN,
    HYPERVISOR_SLOTS = const HYPERVISOR_START >> 43 & 0xffff_ffff,
);

unsafe extern "C" {
    /// 256 addresses in the first CPU's window, one per vector.
    static trap_table: [u64; 256];
    static entry_symbols: [u64; 3];
}

/// Where in a CPU's window the handler of each vector lies, in bytes.
pub(crate) fn trap_addresses() -> &'static [u64; 256] {
    // SAFETY: the assembler fills the table at link time, and nothing writes it.
    unsafe { &trap_table }
}

/// Where in a CPU's window the `syscall` entry lies, in bytes.
pub(crate) fn entry_syscall_offset() -> u64 {
    // SAFETY: as for `trap_table`.
    unsafe { entry_symbols[0] - CPU_WINDOWS_START }
}

/// Where in a CPU's window the compatibility-mode `syscall` entry lies, in bytes.
pub(crate) fn entry_syscall32_offset() -> u64 {
    // SAFETY: as for `trap_table`.
    unsafe { entry_symbols[1] - CPU_WINDOWS_START }
}

/// Where in a CPU's window the exit to the frame's registers lies, in bytes.
pub(crate) fn exit_offset() -> u64 {
    // SAFETY: as for `trap_table`.
    unsafe { entry_symbols[2] - CPU_WINDOWS_START }
}

const _: () = assert!(ENTRY_OFFSET == 0x1_f000);
