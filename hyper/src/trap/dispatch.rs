//! The functions that the entry code calls.

use core::sync::atomic::Ordering;

use ringwall_hw::cpu::local::{self, Handlers};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::log;

use super::{bounce, debug, end, general, page_fault};
use crate::schedule::{self, FINISH, RESCHEDULE};
use crate::vcpu::{self, Vcpu};
use crate::{hypercall, irq};

/// The entry code's ways into the hypervisor.
pub(crate) const HANDLERS: Handlers = Handlers {
    on_syscall: hypercall::on_syscall,
    on_syscall32: hypercall::on_syscall32,
    on_trap,
    on_exit,
    on_bad_iret,
    on_bad_stack,
};

const DIVIDE_ERROR: u8 = 0;
const DEBUG: u8 = 1;
const NMI: u8 = 2;
const INVALID_OPCODE: u8 = 6;
const DEVICE_NOT_AVAILABLE: u8 = 7;
const DOUBLE_FAULT: u8 = 8;
const INVALID_TSS: u8 = 10;
const STACK_FAULT: u8 = 12;
const GENERAL_PROTECTION: u8 = 13;
const PAGE_FAULT: u8 = 14;
const ALIGNMENT_CHECK: u8 = 17;
const MACHINE_CHECK: u8 = 18;
const FIRST_INTERRUPT: u8 = 32;

extern "C" fn on_trap(frame: &mut GuestFrame) {
    let vector = frame.trap_vector();
    if vector >= FIRST_INTERRUPT {
        frame.exit_by_iret();
        irq::dispatch(vector);
        return;
    }
    let Some(vcpu) = vcpu::current() else { return };
    match vector {
        PAGE_FAULT => page_fault::on_page_fault(vcpu, frame),
        GENERAL_PROTECTION => general::on_general_protection(vcpu, frame),
        INVALID_OPCODE => general::on_invalid_opcode(vcpu, frame),
        DEVICE_NOT_AVAILABLE => general::on_device_not_available(vcpu, frame),
        DEBUG => debug::on_debug(vcpu, frame),
        NMI => frame.exit_by_iret(),
        DOUBLE_FAULT | MACHINE_CHECK => machine_failed(frame),
        INVALID_TSS..=STACK_FAULT | ALIGNMENT_CHECK => {
            let error = frame.error_code;
            bounce::inject(vcpu, frame, vector, Some(error));
        }
        DIVIDE_ERROR..=31 => bounce::inject(vcpu, frame, vector, None),
        _ => frame.exit_by_iret(),
    }
}

/// Work on the way out: another virtual CPU, or events.
pub(crate) extern "C" fn on_exit(frame: &mut GuestFrame) {
    let local = local::current();
    let mut left = 0;
    loop {
        let work = local.attention.swap(0, Ordering::Relaxed);
        if work & FINISH != 0 && !vcpu::current().is_none_or(Vcpu::finish_tables) {
            left = FINISH;
        }
        if work & RESCHEDULE != 0 {
            schedule::reschedule(frame);
        }
        let Some(vcpu): Option<&'static Vcpu> = vcpu::current() else {
            return;
        };
        hypercall::finish_poll(vcpu);
        bounce::deliver_events(vcpu, frame);
        if local.attention.load(Ordering::Relaxed) == 0 {
            local.attention.fetch_or(left, Ordering::Relaxed);
            return;
        }
    }
}

/// `iretq` could not load the guest's registers: what the guest asked for with `iret`, or a
/// descriptor that it changed since. Its failsafe callback hears of it.
extern "C" fn on_bad_iret(frame: &mut GuestFrame) {
    let Some(vcpu) = vcpu::current() else { return };
    end::failsafe(vcpu, frame);
}

extern "C" fn on_bad_stack(frame: &mut GuestFrame) {
    end::crash_current(frame, "its kernel stack can't be written for a system call");
}

fn machine_failed(frame: &mut GuestFrame) {
    log!(Error, "the machine reported a failure while a guest ran");
    ringwall_hw::panic::registers(frame);
    ringwall_hw::panic::stop();
}
