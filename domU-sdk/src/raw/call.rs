//! The hypercall instruction.
// UNSAFETY: the instruction, by which the hypervisor may read, write and remap the guest's memory.
#![expect(unsafe_code)]

/// Makes the hypercall of this number, with up to five arguments; returns `rax`.
///
/// On a host, where there is no hypervisor, the answer is `-ENOSYS`.
///
/// # Safety
///
/// 1. What the hypercall reads and writes by address must be memory that the caller may lend it.
/// 2. It must not take from under Rust what Rust relies on: a mapping, a frame, a handler, a stack.
#[cfg_attr(
    not(target_os = "none"),
    expect(unused_variables, reason = "a host has no hypervisor")
)]
#[inline]
pub unsafe fn hypercall(number: u64, [rdi, rsi, rdx, r10, r8]: [u64; 5]) -> i64 {
    #[cfg(target_os = "none")]
    {
        let rax: i64;
        // SAFETY: the hypervisor clobbers rcx and r11, as the instruction does, rax, and perhaps the
        // registers of the arguments; what it does to memory is the caller's care.
        unsafe {
            core::arch::asm!(
                "syscall",
                inlateout("rax") number => rax,
                inlateout("rdi") rdi => _,
                inlateout("rsi") rsi => _,
                inlateout("rdx") rdx => _,
                inlateout("r10") r10 => _,
                inlateout("r8") r8 => _,
                lateout("rcx") _,
                lateout("r11") _,
            );
        }
        rax
    }
    #[cfg(not(target_os = "none"))]
    ringwall_abi::Errno::ENOSYS.to_rax()
}
