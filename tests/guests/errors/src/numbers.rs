//! Numbers that the ABI gives no meaning.

use ringwall_abi::Errno::{self, EINVAL, ENOSYS};
use ringwall_abi::Hypercall;
use ringwall_abi::xen::{MmuExtCommand, MulticallEntry};

use crate::call::address_mut;
use crate::machine;
use crate::memory::Pages;
use crate::rule::{answered, ask, refused};

/// A subfunction that no hypercall has, below the 64 that `memory_op` leaves for one.
const NONE: u64 = 62;
/// Where an argument may lie.
static ARGUMENT: Pages<1> = Pages::new();

pub(crate) fn check() {
    hypercalls();
    subfunctions();
    multicall();
}

fn hypercalls() {
    // 48 and 49 are the processor family's: machine checks, and for Xen's own use.
    let beyond = [38, 64, 255, 1 << 32, 1 << 32 | 17, u64::MAX];
    for number in (43..=47).chain(50..=63).chain(beyond) {
        let answer = machine::numbered(number, [0; 4]).rax.cast_signed();
        refused(format_args!("hypercall {number:#x}"), &[ENOSYS], answer);
    }
}

fn subfunctions() {
    let argument = ARGUMENT.address(0);
    let operation = [NONE, argument, 1, 0];
    let cases: [(Hypercall, [u64; 4], &[Errno]); 12] = [
        (Hypercall::EventChannelOp, operation, &[ENOSYS]),
        (Hypercall::SchedOp, operation, &[ENOSYS]),
        (Hypercall::VcpuOp, [NONE, 0, argument, 0], &[ENOSYS]),
        (Hypercall::MemoryOp, operation, &[ENOSYS]),
        (Hypercall::PhysdevOp, operation, &[ENOSYS]),
        (Hypercall::ConsoleIo, [NONE, 1, argument, 0], &[ENOSYS]),
        (Hypercall::XenVersion, operation, &[ENOSYS]),
        (Hypercall::CallbackOp, operation, &[ENOSYS]),
        (Hypercall::GrantTableOp, operation, &[ENOSYS]),
        (Hypercall::NmiOp, operation, &[ENOSYS]),
        (Hypercall::VmAssist, [0, NONE, 0, 0], &[EINVAL]),
        (Hypercall::VmAssist, [NONE, 0, 0, 0], &[ENOSYS]),
    ];
    for (number, arguments, allowed) in cases {
        let answer = ask(number, arguments);
        refused(format_args!("subfunction of {number:?}"), allowed, answer);
    }
    for command in [14, NONE] {
        ARGUMENT.write(0, 0, command);
        let answer = ask(Hypercall::MmuextOp, [argument, 1, 0, 0x7ff0]);
        refused(format_args!("mmuext_op {command}"), &[ENOSYS], answer);
    }
    ARGUMENT.write(0, 0, MmuExtCommand::TlbFlushLocal as u64);
}

/// An entry that fails does not keep the next from its turn.
fn multicall() {
    let version = Hypercall::XenVersion as u64;
    let mut calls = [version, 63, version].map(|op| MulticallEntry {
        op,
        ..MulticallEntry::default()
    });
    let list = [address_mut(&mut calls), 3, 0, 0];
    answered("multicall", 0, ask(Hypercall::Multicall, list));
    // The hypervisor wrote it behind the compiler's back.
    let results = core::hint::black_box(calls).map(|call| call.result.cast_signed());
    refused("multicall, failing entry", &[ENOSYS], results[1]);
    answered("multicall, entry behind it", results[0], results[2]);
}
