//! Hypercalls that do nothing, exceptions, and instructions that are emulated.

use ringwall_abi::arch_x86::{FLAT_KERNEL_CS, TrapFlags, TrapInfo};
use ringwall_abi::version::VersionOp;
use ringwall_abi::xen::MulticallEntry;
use ringwall_abi::{GuestAddress, Hypercall};

use crate::call::{address, address_mut, call, timed};
use crate::machine;
use crate::meter::{least, report};
use crate::start;

/// Nothing is mapped here.
const NOWHERE: u64 = 0x10_0000_0000;
/// The MSR `IA32_EFER`.
const EFER: u32 = 0xc000_0080;
/// A leaf of no consequence.
const LEAF: u32 = 0;

/// Measures all of them.
pub(crate) fn measure() {
    set_traps();
    let null = [VersionOp::Version as u64, 0, 0, 0];
    report(
        "null_hypercall",
        least(|_| timed(Hypercall::XenVersion, null)),
    );
    let mut calls = [MulticallEntry {
        op: Hypercall::XenVersion as u64,
        ..MulticallEntry::default()
    }; 8];
    let list = [address_mut(&mut calls), 8, 0, 0];
    let cost = least(|_| timed(Hypercall::Multicall, list));
    report("multicall_entry", cost.map(|ticks| ticks / 8));
    report("kernel_invalid", least(|_| Ok(machine::invalid())));
    report("kernel_page_fault", least(|_| Ok(machine::load(NOWHERE))));
    report("rdmsr", least(|_| Ok(machine::rdmsr(EFER))));
    report("forced_cpuid", least(|_| Ok(machine::cpuid(LEAF))));
}

fn set_traps() {
    const INVALID: u8 = 6;
    const PROTECTION: u8 = 13;
    const PAGE_FAULT: u8 = 14;
    let [fault, fault_with_code] = machine::fault_handlers();
    let trap = |vector, handler| TrapInfo {
        vector,
        flags: TrapFlags::MASK_EVENTS,
        cs: FLAT_KERNEL_CS,
        address: GuestAddress::new(handler),
        ..TrapInfo::default()
    };
    let table = [
        trap(INVALID, fault),
        trap(PROTECTION, start::surprise_handler()),
        trap(PAGE_FAULT, fault_with_code),
        TrapInfo::default(),
    ];
    if call(Hypercall::SetTrapTable, [address(&table), 0, 0, 0]).is_err() {
        panic!("set_trap_table");
    }
}
