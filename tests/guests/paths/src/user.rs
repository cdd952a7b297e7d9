//! User code: system calls and exceptions.

use ringwall_abi::arch_x86::FLAT_KERNEL_SS;
use ringwall_abi::callback::{CallbackFlags, CallbackOp, CallbackRegister, CallbackType};
use ringwall_abi::xen::{MmuExtCommand, VaMappingFlags};
use ringwall_abi::{GuestAddress, Hypercall};

use crate::call::{Refused, address, call, mmuext, on_frame, update_va};
use crate::machine::{self, UserOperation};
use crate::memory::{Pages, READ_ONLY, READ_WRITE, Start, entry};
use crate::meter::{Cost, minimum, report};
use crate::start;

/// Where the user's code is mapped: the third 2 MiB.
const BASE: u64 = 0x40_0000;
/// The user's tables, the root first.
static TABLES: Pages<4> = Pages::new();

/// Measures both.
pub(crate) fn measure(start: &Start<'_>) {
    let ready = set_up(start);
    for (name, operation) in [
        ("user_syscall", UserOperation::Syscall),
        ("user_fault", UserOperation::Fault),
    ] {
        report(name, ready.and_then(|()| in_user(operation)));
    }
}

fn in_user(operation: UserOperation) -> Cost {
    let overhead = minimum(|_| Ok(machine::in_user(BASE, UserOperation::Nothing)))?;
    let ticks = minimum(|_| Ok(machine::in_user(BASE, operation)))?;
    Ok(ticks.saturating_sub(overhead))
}

fn set_up(start: &Start<'_>) -> Result<(), Refused> {
    let code = start.frame(machine::user_code());
    let next = |table| start.frame(TABLES.address(table));
    for (table, shift, target) in [
        (0, 39, next(1)),
        (1, 30, next(2)),
        (2, 21, next(3)),
        (3, 12, code),
    ] {
        let index = (BASE >> shift & 0x1ff) as usize;
        TABLES.write(table, index, entry(target, READ_WRITE));
    }
    for table in 0..4 {
        let flush = VaMappingFlags::INVLPG.bits();
        update_va(TABLES.address(table), entry(next(table), READ_ONLY), flush)?;
    }
    mmuext(&[on_frame(MmuExtCommand::PinL4Table, next(0))])?;
    mmuext(&[on_frame(MmuExtCommand::NewUserBaseptr, next(0))])?;
    let stack = [FLAT_KERNEL_SS.into(), start::entry_stack(), 0, 0];
    call(Hypercall::StackSwitch, stack)?;
    register(CallbackType::Event, start::surprise_handler())?;
    register(CallbackType::Failsafe, start::surprise_handler())?;
    register(CallbackType::Syscall, machine::syscall_handler())
}

fn register(kind: CallbackType, handler: u64) -> Result<(), Refused> {
    let argument = CallbackRegister {
        kind: kind.number(),
        flags: CallbackFlags::MASK_EVENTS,
        address: GuestAddress::new(handler),
        ..CallbackRegister::default()
    };
    let arguments = [CallbackOp::Register as u64, address(&argument), 0, 0];
    call(Hypercall::CallbackOp, arguments).map(|_| ())
}
