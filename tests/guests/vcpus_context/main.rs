//! `VCPUOP_initialise` checks a state before it takes it: addresses that are not canonical, a root that can't be one, and
//! frames that are no pages of descriptors are `EINVAL`, and the virtual CPU has no state then. `public/vcpu.h`,
//! `public/arch-x86/xen.h`; Lessons 46 and 50: registers that a state does not have come up fresh, not as another
//! virtual CPU left them.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::NOBODYS;
use guests::page::page;
use guests::sdk::abi::arch_x86::VcpuGuestContext;
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::{Errno, GuestAddress};
use guests::vcpus::{context, initialise, second, until};
use guests::{Check, code, equal, granted, refused, unless_xen};

guests::rule!(check);

const NON_CANONICAL: u64 = 0x8000_0000_0000_0000;

type Spoil = fn(&mut VcpuGuestContext);

fn check() -> Check {
    // What the registers are, and then down.
    let code = code!(
        "fxsave64 [rbx]",
        "mov [rbx + 512], r12",
        "pushfq",
        "pop rax",
        "mov [rbx + 520], rax",
        "mov eax, ds",
        "mov [rbx + 528], rax",
        "mov eax, 24",
        "mov edi, 2",
        "mov esi, 1",
        "xor edx, edx",
        "syscall",
    );
    let (left, _) = page()?;
    let (stack, _) = page()?;
    let state = || {
        let mut state = context(&code, stack.address() + 4096)?;
        state.user_regs.rbx = left.address();
        state.user_regs.r12 = 0x1234_5678_9abc_def0;
        Ok::<_, guests::Verdict>(state)
    };
    let cases: [(&str, Spoil); 10] = [
        ("a first instruction", |state| {
            state.user_regs.rip = NON_CANONICAL;
        }),
        ("a handler", |state| {
            state.trap_ctxt[6].address = GuestAddress::new(NON_CANONICAL);
        }),
        ("a failsafe callback", |state| {
            state.failsafe_callback_eip = NON_CANONICAL;
        }),
        ("an event callback", |state| {
            state.event_callback_eip = NON_CANONICAL;
        }),
        ("a syscall callback", |state| {
            state.syscall_callback_eip = NON_CANONICAL;
        }),
        ("a root of nobody", |state| {
            state.ctrlreg[3] = VcpuGuestContext::mfn_to_cr3(NOBODYS);
        }),
        ("a user's root of nobody", |state| {
            state.ctrlreg[1] = VcpuGuestContext::mfn_to_cr3(NOBODYS);
        }),
        ("descriptors of nobody", |state| {
            state.gdt_frames[0] = NOBODYS.raw();
            state.gdt_ents = 512;
        }),
        ("too many descriptors", |state| state.gdt_ents = 8193),
        ("an LDT that is not at a page", |state| {
            (state.ldt_base, state.ldt_ents) = (NON_CANONICAL, 16);
        }),
    ];
    for (what, spoil) in cases {
        let mut bad = state()?;
        spoil(&mut bad);
        let answer = initialise(&bad);
        refused(what, answer, &[Errno::EINVAL])?;
        let answer = second(VcpuOp::Up, 0);
        refused(format_args!("up after {what}"), answer, &[Errno::EINVAL])?;
    }
    let good = state()?;
    let fill = code!("mov eax, 0x5a5a5a5a", "movd xmm0, eax", "movd xmm15, eax");
    guests::attempt::take()?;
    let entry = fill.at(guests::attempt::Level::Kernel);
    guests::attempt::ends(&fill, &entry)?;
    granted("a good state", initialise(&good))?;
    granted("up", second(VcpuOp::Up, 0))?;
    until("down", || second(VcpuOp::IsUp, 0).0 == 0)?;
    let word = |offset| left.u64(offset).load(Ordering::SeqCst);
    equal("r12", word(512), 0x1234_5678_9abc_def0)?;
    equal("the FPU's control word", word(0) & 0xffff, 0x37f)?;
    equal("MXCSR", word(24) & 0xffff_ffff, 0x1f80)?;
    equal("XMM0", word(160), 0)?;
    equal("XMM15", word(160 + 15 * 16), 0)?;
    equal(
        "the flags that are not the guest's",
        word(520) & 0x27_7700,
        0x200,
    )?;
    unless_xen!(word(528) == 0, "DS is {:#x}", word(528));
    Ok(())
}
