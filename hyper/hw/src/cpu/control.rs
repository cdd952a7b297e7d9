//! Control and debug registers, flags, and the instructions that wait.
// UNSAFETY: privileged instructions.
#![expect(unsafe_code)]

use core::arch::asm;

use x86::controlregs;

/// CR0.TS: the next FPU instruction faults.
const CR0_TS: u64 = 1 << 3;

/// The address that the last page fault was about.
#[must_use]
#[inline]
pub fn fault_address() -> u64 {
    let address: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// The physical address of the root table in use.
#[must_use]
pub fn root() -> u64 {
    // SAFETY: reads a register.
    unsafe { controlregs::cr3() }
}

/// Loads a root table, and drops every translation of the old one.
///
/// # Safety
/// The table at this physical address carries the hypervisor's slots, and stays a table for as long
/// as it is loaded.
#[inline]
pub unsafe fn load_root(root: u64) {
    // SAFETY: the caller's promise keeps this code mapped.
    unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) };
}

/// Drops the translation of one page from this CPU.
#[inline]
pub fn invalidate_page(address: u64) {
    // SAFETY: costs only time.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
}

/// Drops every translation from this CPU. Ringwall makes no global ones.
pub fn invalidate_all() {
    // SAFETY: the table in use stays in use.
    unsafe { load_root(root()) };
}

/// Drops the caches, written back.
pub fn write_back_caches() {
    // SAFETY: costs only time.
    unsafe { asm!("wbinvd", options(nostack, preserves_flags)) };
}

/// CR0.
#[must_use]
pub fn cr0() -> u64 {
    // SAFETY: reads a register.
    unsafe { controlregs::cr0() }.bits() as u64
}

/// CR4.
#[must_use]
pub fn cr4() -> u64 {
    // SAFETY: reads a register.
    unsafe { controlregs::cr4() }.bits() as u64
}

/// Whether the next FPU instruction faults.
pub fn set_task_switched(on: bool) {
    let value = if on { cr0() | CR0_TS } else { cr0() & !CR0_TS };
    // SAFETY: TS concerns FPU instructions only, of which the hypervisor has none of its own.
    unsafe { asm!("mov cr0, {}", in(reg) value, options(nostack, preserves_flags)) };
}

/// Sets CR0, for the boot of a CPU.
///
/// # Safety
/// Paging, protection and write protection stay on.
pub(crate) unsafe fn set_cr0(value: u64) {
    // SAFETY: as the caller promises.
    unsafe { asm!("mov cr0, {}", in(reg) value, options(nostack, preserves_flags)) };
}

/// Sets CR4.
///
/// # Safety
/// Each bit is one that the CPU has; PAE stays on and LA57 off.
pub(crate) unsafe fn set_cr4(value: u64) {
    // SAFETY: as the caller promises.
    unsafe { asm!("mov cr4, {}", in(reg) value, options(nostack, preserves_flags)) };
}

/// The time-stamp counter.
#[must_use]
#[inline]
pub fn tsc() -> u64 {
    // SAFETY: reads a counter.
    unsafe { x86::time::rdtsc() }
}

/// Tells the CPU that this is a loop that waits.
pub fn pause() {
    core::hint::spin_loop();
}

/// Waits for an interrupt with interrupts on, and turns them off again.
pub fn wait_for_interrupt() {
    // SAFETY: 1. handlers for ring 0 interrupts are installed; 2. `sti` takes effect after `hlt` began,
    // so that none is lost.
    unsafe { asm!("sti", "hlt", "cli", options(nostack)) };
}

/// Stops this CPU for good.
pub fn halt() -> ! {
    loop {
        // SAFETY: interrupts are off; only an NMI ends the wait, and the loop.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// Reads debug register `N`.
#[must_use]
pub fn debug_register(number: u8) -> u64 {
    let value: u64;
    // SAFETY: reads a register; each arm names one that exists.
    unsafe {
        match number {
            0 => asm!("mov {}, dr0", out(reg) value, options(nomem, nostack)),
            1 => asm!("mov {}, dr1", out(reg) value, options(nomem, nostack)),
            2 => asm!("mov {}, dr2", out(reg) value, options(nomem, nostack)),
            3 => asm!("mov {}, dr3", out(reg) value, options(nomem, nostack)),
            6 => asm!("mov {}, dr6", out(reg) value, options(nomem, nostack)),
            _ => asm!("mov {}, dr7", out(reg) value, options(nomem, nostack)),
        }
    }
    value
}

/// Loads the debug registers of a guest.
///
/// The values have gone through the audit of `model::emulate`: no breakpoint lies in the hypervisor.
pub fn load_debug_registers(addresses: [u64; 4], status: u64, control: u64) {
    // SAFETY: 1. breakpoints trap through a gate with a stack of its own; 2. reserved bits are as
    // the CPU wants them after the audit.
    unsafe {
        asm!("mov dr7, {}", in(reg) 0x400u64, options(nomem, nostack));
        asm!("mov dr0, {}", in(reg) addresses[0], options(nomem, nostack));
        asm!("mov dr1, {}", in(reg) addresses[1], options(nomem, nostack));
        asm!("mov dr2, {}", in(reg) addresses[2], options(nomem, nostack));
        asm!("mov dr3, {}", in(reg) addresses[3], options(nomem, nostack));
        asm!("mov dr6, {}", in(reg) status, options(nomem, nostack));
        asm!("mov dr7, {}", in(reg) control, options(nomem, nostack));
    }
}

/// Sets CR4 for a guest: the value of `Cr4Policy::real`, which has every fixed bit on and none that
/// the CPU lacks.
pub fn set_guest_cr4(value: u64) {
    if cr4() != value {
        // SAFETY: as the policy of `model` makes it: PAE on, LA57 off, supported bits only.
        unsafe { set_cr4(value) };
    }
}

/// Clears what DR6 reports: the CPU only ever adds to it.
pub fn clear_debug_status() {
    // SAFETY: the value after a reset (SDM vol. 3B, 18.2.3).
    unsafe { asm!("mov dr6, {}", in(reg) 0xffff_0ff0u64, options(nomem, nostack)) };
}
