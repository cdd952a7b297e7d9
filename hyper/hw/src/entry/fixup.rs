//! Faults in the hypervisor that are a guest's fault.
//!
//! Each instruction that touches guest memory or loads a guest's state has an entry in a table: where
//! to go on if it faults. A fault anywhere else is a bug in Ringwall, and ends it.
// UNSAFETY: reads a table that the linker collects.
#![expect(unsafe_code)]

use super::frame::GuestFrame;

const RFLAGS_IF: u64 = 1 << 9;

/// An instruction that may fault, and where to go on then.
#[repr(C)]
struct Fixup {
    instruction: u64,
    target: u64,
}

unsafe extern "C" {
    static __fixups_start: Fixup;
    static __fixups_end: Fixup;
}

fn table() -> &'static [Fixup] {
    let (start, end) = (&raw const __fixups_start, &raw const __fixups_end);
    let length = (end.addr() - start.addr()) / size_of::<Fixup>();
    // SAFETY: the linker script puts all entries, and nothing else, between the two symbols.
    unsafe { core::slice::from_raw_parts(start, length) }
}

/// A fault, NMI or interrupt in ring 0. `frame.rsp` and up are the hypervisor's own.
pub(crate) extern "C" fn on_fault(frame: &mut GuestFrame) {
    const DEBUG: u8 = 1;
    const NMI: u8 = 2;
    const GENERAL_PROTECTION: u8 = 13;
    const PAGE_FAULT: u8 = 14;
    let recoverable = matches!(
        frame.trap_vector(),
        11..=GENERAL_PROTECTION | PAGE_FAULT | 17
    );
    // Entry code of other CPUs is a copy of the first one's, at the same place in its window.
    let rip = crate::cpu::local::in_first_window(frame.rip);
    if recoverable && let Some(fixup) = table().iter().find(|fixup| fixup.instruction == rip) {
        frame.rip = frame.rip.wrapping_add(fixup.target.wrapping_sub(rip));
        return;
    }
    // A debug exception held back by `mov ss` (lesson 48), or an NMI: nothing of ours.
    if matches!(frame.trap_vector(), NMI | DEBUG) {
        return;
    }
    if frame.trap_vector() >= 32 {
        // Only where a CPU waits for work are interrupts on; one at a time.
        frame.rflags &= !RFLAGS_IF;
        crate::irq::on_interrupt_in_idle(frame.trap_vector());
        return;
    }
    crate::panic::on_fatal_fault(frame)
}
