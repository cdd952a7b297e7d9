//! The `iret` hypercall returns to all registers that its frame has, and leaves the others as they were. With
//! `VGCF_in_syscall` rcx and r11 need not be restored: `public/arch-x86/xen-x86_64.h`, `iret_context`.
#![no_std]
#![no_main]

use guests::attempt::{self, Entry, Level, ends};
use guests::sdk::abi::arch_x86::VcpuContextFlags;
use guests::{Check, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let code = code!("nop");
    for level in Level::ALL {
        for flags in [0, VcpuContextFlags::IN_SYSCALL.bits()] {
            let entry = Entry {
                flags,
                rax: 0x1111_2222_3333_4444,
                rbx: !1,
                rcx: !2,
                rdx: !3,
                rsi: !4,
                rdi: !5,
                rbp: !6,
                r8: !8,
                r9: !9,
                r10: !10,
                r11: !11,
                r12: !12,
                r13: !13,
                r14: !14,
                r15: !15,
                ..code.at(level)
            };
            let exit = ends(&code, &entry)?;
            let went = [
                entry.rax, entry.rbx, entry.rdx, entry.rsi, entry.rdi, entry.rbp, entry.r8,
                entry.r9, entry.r10, entry.r12, entry.r13, entry.r14, entry.r15,
            ];
            let came = [
                exit.rax, exit.rbx, exit.rdx, exit.rsi, exit.rdi, exit.rbp, exit.r8, exit.r9,
                exit.r10, exit.r12, exit.r13, exit.r14, exit.r15,
            ];
            ensure!(came == went, "{level:?}: {went:x?} became {came:x?}");
            ensure!(
                flags != 0 || (exit.rcx == entry.rcx && exit.r11 == entry.r11),
                "{level:?}: rcx is {:#x}, r11 {:#x}",
                exit.rcx,
                exit.r11
            );
            exit.has_frame_of(&entry)?;
        }
    }
    Ok(())
}
