//! Attempts: a piece of code is entered at a level, and leaves by a gate: an exception, a soft
//! interrupt, a callback.
//!
//! The gates are this module's from [`take`] on; the SDK's handlers of exceptions are out of force then.
//! Kernel and user have the same root table, so that each piece of code runs at either level.

mod code;
mod exit;
pub mod page;
mod raw;
pub mod tables;

use ringwall_sdk::abi::arch_x86::{FLAT_KERNEL_CS, SegmentBase, TrapFlags, TrapInfo};
use ringwall_sdk::abi::callback::{CallbackFlags, CallbackOp, CallbackRegister, CallbackType};
use ringwall_sdk::abi::xen::{MmuExtCommand, MmuextOp, VcpuInfo};
use ringwall_sdk::abi::{DomainId, GuestAddress, Hypercall, Mfn};
use ringwall_sdk::{memory, start};

use crate::{Answer, Check, Verdict, address, ask};
pub use code::Code;
pub use exit::{Exit, Raised};

/// Who runs the code: the guest's kernel or its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The kernel: ring 3, but none of its frames show that.
    Kernel,
    /// User code.
    User,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Kernel, Self::User];
}

/// By which the hypervisor enters the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// An exception or a soft interrupt.
    Vector(u8),
    /// A callback.
    Callback(CallbackType),
}

impl Gate {
    /// The callbacks that can be registered.
    pub(crate) const CALLBACKS: [CallbackType; 6] = [
        CallbackType::Event,
        CallbackType::Failsafe,
        CallbackType::Syscall,
        CallbackType::Nmi,
        CallbackType::Sysenter,
        CallbackType::Syscall32,
    ];
}

/// The registers with which code is entered: first what the `iret` hypercall takes, then the others.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
#[expect(missing_docs, reason = "the names are the CPU's")]
pub struct Entry {
    pub rax: u64,
    pub r11: u64,
    pub rcx: u64,
    /// [`VcpuContextFlags`](ringwall_sdk::abi::arch_x86::VcpuContextFlags).
    pub flags: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
}

impl Entry {
    /// Enters the code; returns how it was left. Upcalls are as masked afterwards as before.
    #[must_use]
    pub fn go(&self) -> Exit {
        let before = mask();
        let left = raw::enter(self);
        let masked = mask();
        set_mask(before);
        Exit::new(&left, masked)
    }
}

/// Gives the hypervisor all gates, a stack for entries from user code, and a root table for it.
pub fn take() -> Check {
    for vector in 0..=255 {
        set_trap(vector, default_flags(vector))?;
    }
    for kind in Gate::CALLBACKS {
        match register(kind, CallbackFlags::MASK_EVENTS) {
            // Not every hypervisor has it.
            Err(_) if kind == CallbackType::Sysenter => {}
            outcome => outcome?,
        }
    }
    needs("stack_switch", stack_switch(raw::stack_ends()[1]))?;
    needs("the user's root", set_user_root(root()?))
}

/// Handlers mask upcalls; user code may raise breakpoints and overflows, as on a bare CPU.
#[must_use]
pub fn default_flags(vector: u8) -> TrapFlags {
    match vector {
        3 | 4 => TrapFlags::MASK_EVENTS | TrapFlags::DPL_MASK,
        _ => TrapFlags::MASK_EVENTS,
    }
}

/// Sets a vector's handler to its gate, with these flags.
pub fn set_trap(vector: u8, flags: TrapFlags) -> Check {
    let info = TrapInfo {
        vector,
        flags,
        cs: FLAT_KERNEL_CS,
        address: raw::gate(vector.into()),
        ..TrapInfo::default()
    };
    needs(
        "set_trap_table",
        set_trap_table(&[info, TrapInfo::default()]),
    )
}

/// `set_trap_table`.
pub fn set_trap_table(table: &[TrapInfo]) -> Answer {
    ask(Hypercall::SetTrapTable, [address(table)])
}

/// Registers a callback with its gate.
pub fn register(kind: CallbackType, flags: CallbackFlags) -> Check {
    let argument = CallbackRegister {
        kind: kind.number(),
        flags,
        address: gate_of(kind),
        ..CallbackRegister::default()
    };
    let arguments = [CallbackOp::Register as u64, address(&argument)];
    needs("callback_op", ask(Hypercall::CallbackOp, arguments))
}

/// The address of a callback's gate.
#[must_use]
pub fn gate_of(kind: CallbackType) -> GuestAddress {
    let place = Gate::CALLBACKS.iter().position(|other| *other == kind);
    raw::gate(256 + place.unwrap_or(0) as u64)
}

/// The address of a vector's gate.
#[must_use]
pub fn gate_of_vector(vector: u8) -> GuestAddress {
    raw::gate(vector.into())
}

/// `stack_switch`, by which entries from user code get their stack.
pub fn stack_switch(stack_end: u64) -> Answer {
    let selector = u64::from(ringwall_sdk::abi::arch_x86::FLAT_KERNEL_SS);
    ask(Hypercall::StackSwitch, [selector, stack_end])
}

/// The end of the stack that entries from user code get.
#[must_use]
pub fn entry_stack_end() -> u64 {
    raw::stack_ends()[1]
}

/// Makes a table the root of user code; 0 for none.
pub fn set_user_root(root: Mfn) -> Answer {
    mmuext(&[MmuextOp::new(MmuExtCommand::NewUserBaseptr, root.raw(), 0)])
}

/// `mmuext_op` on this domain.
pub fn mmuext(operations: &[MmuextOp]) -> Answer {
    let mut done = 0_u32;
    let arguments = [
        address(operations),
        operations.len() as u64,
        crate::address_mut(&mut done),
        DomainId::SELF.raw().into(),
    ];
    ask(Hypercall::MmuextOp, arguments)
}

/// The kernel's root table.
pub fn root() -> Result<Mfn, Verdict> {
    start::info()
        .and_then(|info| memory::mfn_of_address(info.pt_base))
        .ok_or_else(|| Verdict::error("the root table has no frame"))
}

/// `set_segment_base`.
pub fn set_segment_base(base: SegmentBase, value: u64) -> Answer {
    let number = u64::from(base.number());
    ask(Hypercall::SetSegmentBase, [number, value])
}

/// What a check needs before the rule is tried: an error of the test where it is refused.
pub fn needs(what: &str, answer: Answer) -> Check {
    if answer.is_ok() {
        Ok(())
    } else {
        Err(Verdict::error(format_args!("{what} is refused: {answer}")))
    }
}

/// Whether upcalls of this virtual CPU are masked.
#[must_use]
pub fn mask() -> bool {
    let info = start::vcpu_info();
    info.is_none_or(|info| {
        let mask = info.u8(VcpuInfo::UPCALL_MASK);
        mask.load(core::sync::atomic::Ordering::SeqCst) != 0
    })
}

/// Masks upcalls, or unmasks them. What waits is not asked for.
pub fn set_mask(masked: bool) {
    if let Some(info) = start::vcpu_info() {
        let mask = info.u8(VcpuInfo::UPCALL_MASK);
        mask.store(masked.into(), core::sync::atomic::Ordering::SeqCst);
    }
}

/// The address of the last page fault, as the hypervisor says it in the shared page.
#[must_use]
pub fn fault_address() -> u64 {
    start::vcpu_info().map_or(0, |info| {
        info.u64(VcpuInfo::CR2)
            .load(core::sync::atomic::Ordering::Relaxed)
    })
}

/// Tries the code at both levels; each time it must raise the same.
pub fn raises_at_both(code: &Code, raised: Raised) -> Check {
    for level in Level::ALL {
        raises(code, &code.at(level), raised)?;
    }
    Ok(())
}

/// Enters the code, which must raise this, with a frame that has all that was interrupted.
pub fn raises(code: &Code, entry: &Entry, raised: Raised) -> Check {
    let exit = entry.go();
    exit.is(code, entry, raised)
}

/// Enters the code, which must come to its end; returns the registers there.
pub fn ends(code: &Code, entry: &Entry) -> Result<Exit, Verdict> {
    let exit = entry.go();
    if exit.ended(code) {
        Ok(exit)
    } else {
        Err(Verdict::failure(format_args!(
            "the code did not end: {exit}"
        )))
    }
}
