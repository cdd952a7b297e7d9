//! The machine-to-physical table is readable by the guest and by nobody writable, and what lies behind it in the
//! hypervisor's slots can't be read at all: `public/arch-x86/xen-x86_64.h`, `HYPERVISOR_VIRT_START`. Its
//! place is what `XENMEM_machphys_mapping` says. Lessons 17 and 18.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use guests::sdk::abi::Hypercall;
use guests::sdk::abi::arch_x86::MACH2PHYS_VIRT_START;
use guests::sdk::abi::memory::{MachphysMapping, MemoryOp};
use guests::sdk::trap::{self, Frame, vector};
use guests::{Check, address_mut, ask, ensure, equal, granted};

guests::rule!(check);

static FAULTS: AtomicU64 = AtomicU64::new(0);

/// Both instructions have three bytes.
fn on_fault(frame: &mut Frame) {
    FAULTS.fetch_add(1, Ordering::SeqCst);
    frame.rip += 3;
}

fn faults(act: impl Fn()) -> u64 {
    let before = FAULTS.load(Ordering::SeqCst);
    act();
    FAULTS.load(Ordering::SeqCst) - before
}

fn check() -> Check {
    trap::set(vector::PAGE_FAULT, on_fault)?;
    trap::set(vector::GENERAL_PROTECTION, on_fault)?;
    let mut mapping = MachphysMapping::default();
    let operation = u64::from(MemoryOp::MachphysMapping.number());
    let arguments = [operation, address_mut(&mut mapping)];
    granted("machphys_mapping", ask(Hypercall::MemoryOp, arguments))?;
    equal("its start", mapping.v_start, MACH2PHYS_VIRT_START)?;
    ensure!(mapping.max_mfn > 0, "it has no end");
    equal("to read it", faults(|| load(mapping.v_start)), 0)?;
    equal("to write it", faults(|| store(mapping.v_start, 0)), 1)?;
    // Slots 256 to 271, but for what holds the table.
    for slot in 257..272_u64 {
        let place = 0xffff_0000_0000_0000 | slot << 39;
        if place >= mapping.v_end || place < mapping.v_start {
            ensure!(faults(|| load(place)) == 1, "slot {slot} can be read");
            ensure!(
                faults(|| store(place, 0)) == 1,
                "slot {slot} can be written"
            );
        }
    }
    Ok(())
}

/// `mov rax, [rdi]`
#[expect(unsafe_code, reason = "the instruction may fault")]
fn load(place: u64) {
    // SAFETY: reads, or faults and is passed over.
    unsafe {
        core::arch::asm!("mov rax, [rdi]", in("rdi") place, out("rax") _, options(nostack));
    }
}

/// `mov [rdi], rax`
#[expect(unsafe_code, reason = "the instruction may fault")]
fn store(place: u64, value: u64) {
    // SAFETY: no such place may be written: it faults and is passed over.
    unsafe {
        core::arch::asm!("mov [rdi], rax", in("rdi") place, in("rax") value, options(nostack));
    }
}
