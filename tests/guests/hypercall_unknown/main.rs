//! A number that is no hypercall is `ENOSYS`, however large it is, and all registers but `rax`, `rcx` and `r11`
//! stay as they were: `public/arch-x86/xen-x86_64.h`, "Hypercall interface". Lesson 62: the instruction
//! alone will do, without the hypercall page.
#![no_std]
#![no_main]

use guests::sdk::abi::Errno;
use guests::{Answer, Check, ask_number, ensure, refused};

guests::rule!(check);

fn check() -> Check {
    for number in [
        11,
        56,
        63,
        64,
        100,
        4095,
        1 << 20,
        1 << 31,
        1 << 32,
        1 << 63,
        u64::MAX,
    ] {
        refused(
            number,
            ask_number(number, [1, 2, 3, 4, 5]),
            &[Errno::ENOSYS],
        )?;
    }
    let before = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    let (answer, after) = with_registers(100, before);
    refused("100", answer, &[Errno::ENOSYS])?;
    ensure!(after == before, "registers changed: {after:?}");
    Ok(())
}

/// Makes a hypercall with values in rdi, rsi, rdx, r8, r9, r10, r12..r15; what it left there.
#[expect(unsafe_code, reason = "the instruction")]
fn with_registers(number: i64, mut registers: [u64; 10]) -> (Answer, [u64; 10]) {
    let rax: i64;
    let [rdi, rsi, rdx, r8, r9, r10, r12, r13, r14, r15] = &mut registers;
    // SAFETY: a hypercall that is none changes nothing but the registers that are named.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number => rax,
            inlateout("rdi") *rdi,
            inlateout("rsi") *rsi,
            inlateout("rdx") *rdx,
            inlateout("r8") *r8,
            inlateout("r9") *r9,
            inlateout("r10") *r10,
            inlateout("r12") *r12,
            inlateout("r13") *r13,
            inlateout("r14") *r14,
            inlateout("r15") *r15,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    (Answer(rax), registers)
}
