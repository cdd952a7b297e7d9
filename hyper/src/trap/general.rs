//! General protection faults, invalid opcodes and FPU traps: where deprivileged kernels run into their
//! missing privilege.

use ringwall_hw::cpu::{control, local};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::mode;
use ringwall_model::emulate::privileged::{
    self, CpuidForm, FORCED_EMULATION_PREFIX, Instruction, Privileged,
};

use super::bounce::{bounce, inject};
use super::debug::after_emulation;
use super::fetch::Code;
use super::layout::RingLayout;
use super::privileged::emulate;
use crate::vcpu::Vcpu;

const INVALID_OPCODE: u8 = 6;
const DEVICE_NOT_AVAILABLE: u8 = 7;
const GENERAL_PROTECTION: u8 = 13;
/// The error code is about a gate of the interrupt table.
const ERROR_IDT: u64 = 1 << 1;
/// `int n`.
const INT: u8 = 0xcd;

pub(super) fn on_general_protection(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let error = frame.error_code;
    if error & ERROR_IDT != 0 {
        soft_interrupt(vcpu, frame);
        return;
    }
    if error == 0 {
        let (code, from) = (Code::of_64_bit(frame), frame.rip);
        if let Some(instruction) = privileged::decode(code.bytes())
            && emulate(vcpu, frame, &instruction).is_ok()
        {
            after_emulation(vcpu, frame, from);
            return;
        }
    }
    inject(vcpu, frame, GENERAL_PROTECTION, Some(error));
}

/// `int n` through a gate of the hypervisor's: the guest's own table decides.
fn soft_interrupt(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let code = Code::of_any_size(frame);
    // QEMU before 8.0 pushes 16n + 2 where a CPU pushes 8n + 2: the instruction itself is right.
    let vector = match code.bytes() {
        [INT, vector, ..] => *vector,
        _ => (frame.error_code >> 3 & 0xff) as u8,
    };
    let in_kernel = mode::in_kernel(local::current());
    let handler = {
        let state = vcpu.state.lock();
        let handler = state.traps.get(usize::from(vector));
        handler.copied().unwrap_or_default()
    };
    let needed = if in_kernel {
        RingLayout.kernel_dpl()
    } else {
        3
    };
    if handler.address == 0 || handler.dpl < needed {
        // As the CPU does: 8n + 2.
        let error = u64::from(vector) << 3 | ERROR_IDT;
        inject(vcpu, frame, GENERAL_PROTECTION, Some(error));
        return;
    }
    frame.rip = frame.rip.wrapping_add(2);
    bounce(vcpu, frame, handler, None);
}

pub(super) fn on_invalid_opcode(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let (code, from) = (Code::of_64_bit(frame), frame.rip);
    if let Some(instruction) = forced(code.bytes())
        && emulate(vcpu, frame, &instruction).is_ok()
    {
        after_emulation(vcpu, frame, from);
        return;
    }
    inject(vcpu, frame, INVALID_OPCODE, None);
}

/// The instruction behind the forced-emulation prefix. It is CPUID nearly always.
#[inline]
fn forced(bytes: &[u8]) -> Option<Instruction> {
    const CPUID: [u8; 2] = [0x0f, 0xa2];
    #[expect(clippy::cast_possible_truncation, reason = "seven bytes")]
    const LENGTH: u8 = (FORCED_EMULATION_PREFIX.len() + CPUID.len()) as u8;
    let rest = bytes.strip_prefix(&FORCED_EMULATION_PREFIX)?;
    if rest.starts_with(&CPUID) {
        let operation = Privileged::Cpuid(CpuidForm::Forced);
        return Some(Instruction {
            operation,
            length: LENGTH,
        });
    }
    privileged::decode(bytes)
}

/// The first FPU instruction after the guest set TS: it hears of it once.
pub(super) fn on_device_not_available(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    control::set_task_switched(false);
    let was_set = core::mem::replace(&mut vcpu.state.lock().task_switched, false);
    if was_set {
        inject(vcpu, frame, DEVICE_NOT_AVAILABLE, None);
    } else {
        frame.exit_by_iret();
    }
}
