//! Page faults: page tables that a guest writes directly, and all others for the guest itself.

use core::sync::atomic::Ordering;

use ringwall_abi::GuestAddress;
use ringwall_hw::cpu::{control, local, msr::GuestBase};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::mode;
use ringwall_model::emulate::SegmentBases;
use ringwall_model::emulate::pte::{self, Store};
use ringwall_model::memory::{Entry, EntryIndex, Error, Keep, Kind, Level, Machine, Reach};

use super::bounce;
use super::debug::after_emulation;
use super::fetch::Code;
use super::quirk;
use crate::machine::{MACHINE, memory};
use crate::vcpu::Vcpu;

const PROTECTION: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const RESERVED: u64 = 1 << 3;
const FETCH: u64 = 1 << 4;
const PAGE_FAULT: u8 = 14;
/// How often an entry that changes under an emulated write is looked at again.
const ATTEMPTS: u32 = 16;

pub(super) fn on_page_fault(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let address = control::fault_address();
    let error = frame.error_code;
    let (in_kernel, from) = (mode::in_kernel(local::current()), frame.rip);
    if error & USER == 0 && quirk::return_in_ring_3(frame) {
        return;
    }
    if in_kernel
        && error & (PROTECTION | WRITE | RESERVED | FETCH) == PROTECTION | WRITE
        && write_table(vcpu, frame, GuestAddress::new(address)).is_ok()
    {
        vcpu.counters.emulated_writes.count();
        after_emulation(vcpu, frame, from);
        return;
    }
    // Which ring the kernel runs in is not its concern.
    let error = if in_kernel { error & !USER } else { error };
    if let Some(cr2) = vcpu.info_word(2) {
        cr2.store(address, Ordering::Relaxed);
    }
    vcpu.counters.page_faults.count();
    bounce::inject(vcpu, frame, PAGE_FAULT, Some(error));
}

/// The write is no write to a page table, or one that may not be.
struct NotEmulated;

impl From<Error> for NotEmulated {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Does a write to a table of level 1 for the guest. Also `Ok` where nothing was done, and the guest
/// is to execute the instruction again.
fn write_table(
    vcpu: &'static Vcpu,
    frame: &mut GuestFrame,
    address: GuestAddress,
) -> Result<(), NotEmulated> {
    let domain = vcpu.domain().id();
    let root = local::current().guest.kernel_root.get();
    let root = ringwall_abi::MachineAddress::new(root).frame();
    let route = memory().walk(root, address)?;
    let mapping = MACHINE.read_entry(route.level1, EntryIndex::of(address, Level::L1));
    if !mapping.is_present() || mapping.is_writable() {
        return Err(NotEmulated);
    }
    let is_table = MACHINE
        .frame(mapping.frame())
        .is_some_and(|frame| frame.usage().0 == Kind::L1);
    if !is_table {
        return Err(NotEmulated);
    }
    let code = Code::of_64_bit(frame);
    let access = pte::decode(code.bytes()).ok_or(NotEmulated)?;
    let bases = || SegmentBases {
        fs: GuestBase::Fs.get(),
        gs: GuestBase::Gs.get(),
    };
    let target = if access.uses_segment_base() {
        access.address(frame, &bases())
    } else {
        access.address(frame, &SegmentBases::default())
    };
    if target != address.raw() {
        return Err(NotEmulated);
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 512")]
    let index = EntryIndex::new((target >> 3) as u16 & 511).ok_or(NotEmulated)?;
    let table = memory().hold_table(mapping.frame(), Level::L1, domain)?;
    let mut outcome = Err(NotEmulated);
    for _ in 0..ATTEMPTS {
        let old = MACHINE.read_entry(table.mfn(), index);
        let Some(effects) = access.apply(target, old.raw(), frame) else {
            break;
        };
        let done = match effects.store {
            Store::Overwrite(new) => memory()
                .update_l1_entry(
                    &table,
                    index,
                    Entry::new(new),
                    Keep::Nothing,
                    domain,
                    Reach::Anywhere,
                )
                .map(|_| true),
            Store::Replace { expected, new } => memory()
                .compare_exchange_l1_entry(
                    &table,
                    index,
                    Entry::new(expected),
                    Entry::new(new),
                    domain,
                )
                .map(|found| found == Entry::new(expected)),
            Store::Keep => Ok(true),
        };
        match done {
            Ok(true) => {
                effects.commit(frame);
                outcome = Ok(());
                break;
            }
            Ok(false) => {}
            Err(Error::Preempted) => {
                outcome = Ok(());
                break;
            }
            Err(_) => break,
        }
    }
    memory().let_go(table);
    outcome
}
