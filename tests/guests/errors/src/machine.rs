//! The hypercall.
// UNSAFETY: the instruction.
#![expect(unsafe_code)]

use core::arch::asm;

use ringwall_abi::Hypercall;

/// What a hypercall left. The clock is read in the other guest alone.
#[derive(Clone, Copy)]
pub(crate) struct Timed {
    pub(crate) rax: u64,
}

/// A hypercall. Its arguments may name memory that the guest has set aside for it, or none.
pub(crate) fn hypercall(number: Hypercall, arguments: [u64; 4]) -> Timed {
    numbered(number as u64, arguments)
}

/// The same by its number, which need not exist.
pub(crate) fn numbered(number: u64, [rdi, rsi, rdx, r10]: [u64; 4]) -> Timed {
    let rax;
    // SAFETY: the hypervisor clobbers no register but these. What it does to memory is up to the
    // callers: it is asked to write memory set aside for it, or what it must refuse to write.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => rax,
            inlateout("rdi") rdi => _,
            inlateout("rsi") rsi => _,
            inlateout("rdx") rdx => _,
            inlateout("r10") r10 => _,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    Timed { rax }
}
