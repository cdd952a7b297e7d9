//! The table: number, handler.

use ringwall_abi::{Errno, Hypercall};
use ringwall_hw::cpu::local;
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::mode;

use super::{
    Call, Result, Stop, callback, console_io, descriptors, domctl, event_channel, fpu, grant_table,
    iret, memory_op, mmu_update, mmuext, multicall, physdev, platform, private, sched, segments,
    sysctl, time, traps, update_va, vcpu_op, version,
};
use crate::trap::{bounce, crash_current, inject};
use crate::vcpu::{self, Handler, Vcpu};

const INVALID_OPCODE: u8 = 6;
/// Length of the `syscall` instruction in bytes.
const SYSCALL_LENGTH: u64 = 2;

/// `syscall` in 64-bit mode: a hypercall of the guest's kernel, or a system call of its user code.
pub(crate) extern "C" fn on_syscall(frame: &mut GuestFrame) {
    let Some(vcpu) = vcpu::current() else { return };
    if !mode::in_kernel(local::current()) {
        system_call(vcpu, frame);
        return;
    }
    let arguments = [
        frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9,
    ];
    let number = frame.rax;
    let mut call = Call {
        arguments,
        vcpu,
        frame,
    };
    let count = |vcpu: &Vcpu, hypercall| vcpu.counters.count_hypercall(hypercall);
    let outcome = dispatch(number, &mut call, count);
    let arguments = call.arguments;
    match outcome {
        Ok(value) => frame.rax = value,
        Err(Stop::Errno(errno)) => frame.rax = errno.to_rax().cast_unsigned(),
        Err(Stop::Resume) => {
            [
                frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9,
            ] = arguments;
            frame.rip = frame.rip.wrapping_sub(SYSCALL_LENGTH);
        }
        Err(Stop::Replaced) => {}
        Err(Stop::Crash(reason)) => crash_current(frame, reason),
    }
}

/// Runs an entry of a list by its number. Lists are counted, their entries are not: that would cost a
/// tenth of the short ones.
#[inline(always)]
pub(super) fn run(number: u64, call: &mut Call<'_>) -> Result {
    dispatch(number, call, |_, _| ())
}

#[inline(always)]
fn dispatch(number: u64, call: &mut Call<'_>, count: impl FnOnce(&Vcpu, Hypercall)) -> Result {
    let Some(hypercall) = Hypercall::from_number(number) else {
        return unknown(number, call);
    };
    count(call.vcpu, hypercall);
    // A pointer, not a call in each arm: inlined here, the handlers' frames would add up to pages of
    // stack that every hypercall touches.
    let handler: fn(&mut Call<'_>) -> Result = match hypercall {
        Hypercall::SetTrapTable => traps::handle,
        Hypercall::MmuUpdate => mmu_update::handle,
        Hypercall::SetGdt => descriptors::set_gdt,
        Hypercall::StackSwitch => segments::stack_switch,
        Hypercall::SetCallbacks => callback::set_callbacks,
        Hypercall::FpuTaskswitch => fpu::task_switch,
        Hypercall::SetDebugreg => fpu::set_debug_register,
        Hypercall::GetDebugreg => fpu::get_debug_register,
        Hypercall::UpdateDescriptor => descriptors::update_descriptor,
        Hypercall::MemoryOp => memory_op::handle,
        Hypercall::Multicall => multicall::handle,
        Hypercall::UpdateVaMapping => update_va::handle,
        Hypercall::UpdateVaMappingOtherdomain => update_va::handle_other_domain,
        Hypercall::SetTimerOp => time::set_timer,
        Hypercall::XenVersion => version::handle,
        Hypercall::ConsoleIo => console_io::handle,
        Hypercall::VmAssist => version::vm_assist,
        Hypercall::Iret => iret::handle,
        Hypercall::VcpuOp => vcpu_op::handle,
        Hypercall::SetSegmentBase => segments::set_segment_base,
        Hypercall::MmuextOp => mmuext::handle,
        Hypercall::NmiOp => callback::nmi_op,
        Hypercall::SchedOp => sched::handle,
        Hypercall::CallbackOp => callback::handle,
        Hypercall::EventChannelOp => event_channel::handle,
        Hypercall::PhysdevOp => physdev::handle,
        Hypercall::PlatformOp => platform::handle,
        Hypercall::Sysctl => sysctl::handle,
        Hypercall::Domctl => domctl::handle,
        Hypercall::GrantTableOp => grant_table::handle,
        Hypercall::Arch1 => private::handle,
        _ => return Err(Errno::ENOSYS.into()),
    };
    handler(call)
}

/// A number that no hypercall has: said in the log, as far as its limit allows, since the guest takes
/// Ringwall for something else.
#[cold]
fn unknown(number: u64, call: &Call<'_>) -> Result {
    ringwall_hw::log_guest!(
        Warning,
        "{} asks for hypercall {number:#x}, which there is not",
        call.domain().id()
    );
    Err(Errno::ENOSYS.into())
}

/// A system call that the fast path left: events masked, or no handler.
fn system_call(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let guest = &local::current().guest;
    let address = guest.syscall_target.get();
    if address == 0 {
        no_such_instruction(vcpu, frame);
        return;
    }
    let masks_events = guest.syscall_masks_events.get() != 0;
    bounce(
        vcpu,
        frame,
        Handler {
            address,
            masks_events,
            dpl: 0,
        },
        None,
    );
}

/// `syscall` in compatibility mode, which only some CPUs have.
pub(crate) extern "C" fn on_syscall32(frame: &mut GuestFrame) {
    let Some(vcpu) = vcpu::current() else { return };
    let handler = vcpu.state.lock().syscall32;
    if handler.address == 0 || mode::in_kernel(local::current()) {
        no_such_instruction(vcpu, frame);
        return;
    }
    bounce(vcpu, frame, handler, None);
}

/// `syscall` where nothing is there for it: #UD, which stands at the instruction.
fn no_such_instruction(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    frame.rip = frame.rip.wrapping_sub(SYSCALL_LENGTH);
    inject(vcpu, frame, INVALID_OPCODE, None);
}
