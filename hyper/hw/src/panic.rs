//! The end of Ringwall: what a developer needs to see, then a halt or a reset.
// UNSAFETY: walks the stack by its frame pointers.
#![expect(unsafe_code)]

use core::sync::atomic::{AtomicBool, Ordering};

use crate::console::{go_synchronous, write_raw};
use crate::cpu::control;
use crate::entry::GuestFrame;
use crate::layout::{CPU_WINDOW_SIZE, HYPERVISOR_END, HYPERVISOR_START};
use crate::{log, reset, symbols};

static PANICKING: AtomicBool = AtomicBool::new(false);
static REBOOT: AtomicBool = AtomicBool::new(true);

/// Whether the machine restarts after a panic, or halts (`noreboot`).
pub fn set_reboot(reboot: bool) {
    REBOOT.store(reboot, Ordering::Relaxed);
}

fn begin() {
    if PANICKING.swap(true, Ordering::Relaxed) {
        control::halt();
    }
    go_synchronous();
    write_raw(b"\n");
    log!(Error, "****************************************");
}

fn end() -> ! {
    log!(Error, "****************************************");
    if REBOOT.load(Ordering::Relaxed) {
        log!(
            Error,
            "restarting; `noreboot` on the command line keeps this on the screen"
        );
        reset::restart();
    }
    log!(Error, "halted");
    control::halt();
}

#[cfg(target_os = "none")]
#[panic_handler]
fn on_panic(information: &core::panic::PanicInfo<'_>) -> ! {
    begin();
    log!(Error, "panic: {information}");
    let base: u64;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, rbp", out(reg) base, options(nomem, nostack)) };
    backtrace(base);
    end()
}

/// A fault in the hypervisor that no guest caused.
pub(crate) fn on_fatal_fault(frame: &GuestFrame) -> ! {
    begin();
    log!(
        Error,
        "fatal fault {} (error code {:#x}, address {:#x}) in the hypervisor",
        frame.trap_vector(),
        frame.error_code,
        control::fault_address()
    );
    registers(frame);
    print_address(frame.rip);
    backtrace(frame.rbp);
    end()
}

/// Ends the machine for a reason that the log has told.
pub fn stop() -> ! {
    begin();
    end()
}

/// Logs a set of registers.
pub fn registers(frame: &GuestFrame) {
    log!(
        Error,
        "rip {:016x} cs {:04x} rflags {:08x}",
        frame.rip,
        frame.cs & 0xffff,
        frame.rflags
    );
    log!(
        Error,
        "rsp {:016x} ss {:04x} vector {:#x}",
        frame.rsp,
        frame.ss & 0xffff,
        frame.vector
    );
    log!(
        Error,
        "rax {:016x} rbx {:016x} rcx {:016x}",
        frame.rax,
        frame.rbx,
        frame.rcx
    );
    log!(
        Error,
        "rdx {:016x} rsi {:016x} rdi {:016x}",
        frame.rdx,
        frame.rsi,
        frame.rdi
    );
    log!(
        Error,
        "rbp {:016x} r8  {:016x} r9  {:016x}",
        frame.rbp,
        frame.r8,
        frame.r9
    );
    log!(
        Error,
        "r10 {:016x} r11 {:016x} r12 {:016x}",
        frame.r10,
        frame.r11,
        frame.r12
    );
    log!(
        Error,
        "r13 {:016x} r14 {:016x} r15 {:016x}",
        frame.r13,
        frame.r14,
        frame.r15
    );
    log!(
        Error,
        "cr0 {:08x} cr3 {:012x} cr4 {:08x}",
        control::cr0(),
        control::root(),
        control::cr4()
    );
}

fn print_address(address: u64) {
    match symbols::resolve(address) {
        Some((name, offset)) => log!(Error, "  {address:016x} {name}+{offset:#x}"),
        None => log!(Error, "  {address:016x}"),
    }
}

fn backtrace(mut base: u64) {
    log!(Error, "backtrace:");
    let stack = base / CPU_WINDOW_SIZE;
    for _ in 0..32 {
        let ours = (HYPERVISOR_START..HYPERVISOR_END).contains(&base);
        if !ours || !base.is_multiple_of(8) || base / CPU_WINDOW_SIZE != stack {
            break;
        }
        // SAFETY: a word in the window of this CPU, at or above a frame pointer; should it be a page
        // between the stacks, the second fault ends the panic.
        let (next, address) = unsafe {
            (
                (base as *const u64).read(),
                ((base + 8) as *const u64).read(),
            )
        };
        print_address(address);
        if next <= base {
            break;
        }
        base = next;
    }
}
