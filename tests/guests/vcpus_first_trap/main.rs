//! A virtual CPU can take an exception at its first instruction: handlers, stack and segments are those of its state, and all
//! there before it runs. `public/vcpu.h`, `VCPUOP_initialise`. Lesson 53: a CPU's tables are complete before anything can
//! need them.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::abi::GuestAddress;
use guests::sdk::abi::arch_x86::{FLAT_KERNEL_CS, VcpuGuestContext};
use guests::sdk::abi::vcpu::VcpuOp;
use guests::vcpus::{context, initialise, second, until};
use guests::{Check, code, equal, granted};

guests::rule!(check);

const INVALID_OPCODE: usize = 6;
const BREAKPOINT: usize = 3;
const PROTECTION: usize = 13;
const PAGE_FAULT: usize = 14;

fn check() -> Check {
    let first = code!("ud2");
    // Where the frame is, what it says of the code, and then the next exception.
    let on_invalid_opcode = code!(
        "mov [rbx], rsp",
        "mov rax, [rsp + 16]",
        "mov [rbx + 8], rax",
        "int3",
    );
    let on_breakpoint = code!(
        "mov qword ptr [rbx + 16], 3",
        "xor eax, eax",
        "mov [rax], al"
    );
    let on_page_fault = code!(
        "mov rax, [rsp + 16]",
        "mov [rbx + 24], rax",
        "mov eax, 0x123b",
        "mov fs, eax",
    );
    let on_protection = code!(
        "mov rax, [rsp + 16]",
        "mov [rbx + 32], rax",
        "mov eax, 24",
        "mov edi, 2",
        "mov esi, 1",
        "xor edx, edx",
        "syscall",
    );
    let (left, _) = page()?;
    let (stack, _) = page()?;
    let mut state = context(&first, stack.address() + 2048)?;
    // The kernel's entries from itself stay on its stack; the other one is for user code.
    state.kernel_sp = stack.address() + 4096;
    state.user_regs.rbx = left.address();
    let handlers = [
        (INVALID_OPCODE, on_invalid_opcode.start),
        (BREAKPOINT, on_breakpoint.start),
        (PAGE_FAULT, on_page_fault.start),
        (PROTECTION, on_protection.start),
    ];
    for (vector, handler) in handlers {
        set(&mut state, vector, handler);
    }
    granted("a state", initialise(&state))?;
    granted("up", second(VcpuOp::Up, 0))?;
    until("down", || second(VcpuOp::IsUp, 0).0 == 0)?;
    let word = |index: usize| left.u64(index * 8).load(Ordering::SeqCst);
    // rcx, r11, rip, cs, rflags, rsp, ss.
    equal("the frame of #UD", word(0), stack.address() + 2048 - 7 * 8)?;
    equal("its rip", word(1), first.start)?;
    equal("#BP", word(2), 3)?;
    equal("the error code of #PF", word(3) & !4, 2)?;
    equal("the error code of #GP", word(4), 0x1238)
}

fn set(state: &mut VcpuGuestContext, vector: usize, handler: u64) {
    if let Some(entry) = state.trap_ctxt.get_mut(vector) {
        entry.vector = u8::try_from(vector).unwrap_or(0);
        entry.cs = FLAT_KERNEL_CS;
        entry.address = GuestAddress::new(handler);
    }
}
