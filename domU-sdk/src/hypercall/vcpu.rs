//! `vcpu_op` and `set_timer_op`: virtual CPUs and their timers.
// UNSAFETY: lends its own arguments to the hypervisor, and passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::vcpu::{
    GetPhysid, RegisterRunstateMemoryArea, RegisterTimeMemoryArea, RegisterVcpuInfo, RunstateInfo,
    SetPeriodicTimer, SetSingleshotTimer, SingleshotFlags, VcpuOp,
};
use ringwall_abi::{GuestAddress, Hypercall, Mfn, VcpuId};

use super::{Result, address, address_mut, call};

/// # Safety
///
/// The argument is the operation's, by address; what it names is the caller's promise.
unsafe fn operate(operation: VcpuOp, vcpu: VcpuId, argument: u64) -> Result {
    let arguments = [operation as u64, u64::from(vcpu.raw()), argument];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::VcpuOp, arguments) }
}

/// Sets the state in which a virtual CPU starts.
///
/// # Safety
///
/// Its code, stack, tables and handlers must be fit to run beside what runs.
///
/// # Errors
///
/// `EEXIST` where it has a state, `ENOENT` where it does not exist, `EINVAL` for a state that can't be.
pub unsafe fn vcpu_initialise(vcpu: VcpuId, context: &VcpuGuestContext) -> Result<()> {
    // SAFETY: the hypervisor reads the context; the rest is the caller's promise.
    unsafe { operate(VcpuOp::Initialise, vcpu, address(context)) }.map(|_| ())
}

/// Starts a virtual CPU.
///
/// # Errors
///
/// `EINVAL` where it has no state, `ENOENT` where it does not exist.
pub fn vcpu_up(vcpu: VcpuId) -> Result<()> {
    // SAFETY: no memory is lent; its state was promised for.
    unsafe { operate(VcpuOp::Up, vcpu, 0) }.map(|_| ())
}

/// Stops a virtual CPU, perhaps the caller's own.
///
/// # Errors
///
/// `ENOENT` where it does not exist.
pub fn vcpu_down(vcpu: VcpuId) -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { operate(VcpuOp::Down, vcpu, 0) }.map(|_| ())
}

/// Whether a virtual CPU is up.
///
/// # Errors
///
/// `ENOENT` where it does not exist.
pub fn vcpu_is_up(vcpu: VcpuId) -> Result<bool> {
    // SAFETY: no memory is lent.
    unsafe { operate(VcpuOp::IsUp, vcpu, 0) }.map(|up| up != 0)
}

/// Where a virtual CPU's time went.
///
/// # Errors
///
/// `ENOENT` where it does not exist.
pub fn vcpu_runstate(vcpu: VcpuId) -> Result<RunstateInfo> {
    let mut info = RunstateInfo::default();
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(VcpuOp::GetRunstateInfo, vcpu, address_mut(&mut info)) }?;
    Ok(info)
}

/// Where to keep a virtual CPU's [`RunstateInfo`] current.
///
/// # Safety
///
/// The place must be mapped for good, and reached by atomics alone.
///
/// # Errors
///
/// `EFAULT` for an address that can't be written, `ENOENT`.
pub unsafe fn vcpu_register_runstate(vcpu: VcpuId, place: GuestAddress) -> Result<()> {
    let argument = RegisterRunstateMemoryArea { address: place };
    let operation = VcpuOp::RegisterRunstateMemoryArea;
    // SAFETY: the hypervisor reads the argument; the place is the caller's promise.
    unsafe { operate(operation, vcpu, address(&argument)) }.map(|_| ())
}

/// Starts the periodic timer, whose event is the virtual interrupt of timers.
///
/// # Errors
///
/// `EINVAL` for less than a millisecond, `ENOENT`.
pub fn vcpu_set_periodic_timer(vcpu: VcpuId, period_ns: u64) -> Result<()> {
    let argument = SetPeriodicTimer { period_ns };
    // SAFETY: the hypervisor reads the argument.
    unsafe { operate(VcpuOp::SetPeriodicTimer, vcpu, address(&argument)) }.map(|_| ())
}

/// Stops the periodic timer.
///
/// # Errors
///
/// `ENOENT` for a virtual CPU that does not exist.
pub fn vcpu_stop_periodic_timer(vcpu: VcpuId) -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { operate(VcpuOp::StopPeriodicTimer, vcpu, 0) }.map(|_| ())
}

/// Starts the one-shot timer of the calling virtual CPU, with a deadline in nanoseconds of system time.
///
/// # Errors
///
/// `ETIME` for a deadline in the past where the flags want to know, `EINVAL` for another virtual CPU.
pub fn vcpu_set_singleshot_timer(
    vcpu: VcpuId,
    deadline_ns: u64,
    flags: SingleshotFlags,
) -> Result<()> {
    let argument = SetSingleshotTimer {
        timeout_abs_ns: deadline_ns,
        flags,
        _padding: 0,
    };
    // SAFETY: the hypervisor reads the argument.
    unsafe { operate(VcpuOp::SetSingleshotTimer, vcpu, address(&argument)) }.map(|_| ())
}

/// Stops the one-shot timer of the calling virtual CPU.
///
/// # Errors
///
/// `EINVAL` for another virtual CPU.
pub fn vcpu_stop_singleshot_timer(vcpu: VcpuId) -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { operate(VcpuOp::StopSingleshotTimer, vcpu, 0) }.map(|_| ())
}

/// Moves a virtual CPU's part of the shared page, once.
///
/// # Safety
///
/// The frame must be the guest's for good, and the place be reached by atomics alone. This crate looks
/// at the shared page: it gets no events any more.
///
/// # Errors
///
/// `EINVAL` for a place that crosses its page or was set before, `ENOENT`.
pub unsafe fn vcpu_register_info(vcpu: VcpuId, frame: Mfn, offset: u32) -> Result<()> {
    let argument = RegisterVcpuInfo {
        mfn: frame,
        offset,
        _rsvd: 0,
    };
    // SAFETY: the hypervisor reads the argument; the place is the caller's promise.
    unsafe { operate(VcpuOp::RegisterVcpuInfo, vcpu, address(&argument)) }.map(|_| ())
}

/// The physical CPU that a virtual CPU is pinned to: APIC id in the low half, ACPI id in the high.
///
/// # Errors
///
/// `EINVAL` where it is not pinned, `ENOENT`.
pub fn vcpu_physid(vcpu: VcpuId) -> Result {
    let mut argument = GetPhysid::default();
    // SAFETY: the hypervisor fills in the structure.
    unsafe { operate(VcpuOp::GetPhysid, vcpu, address_mut(&mut argument)) }?;
    Ok(argument.phys_id)
}

/// Has a virtual CPU take an NMI.
///
/// # Errors
///
/// `EOPNOTSUPP` where guests get none, as on Ringwall; `ENOENT`.
pub fn vcpu_send_nmi(vcpu: VcpuId) -> Result<()> {
    // SAFETY: no memory is lent; the handler was promised for.
    unsafe { operate(VcpuOp::SendNmi, vcpu, 0) }.map(|_| ())
}

/// Where to keep a second copy of a virtual CPU's clock.
///
/// # Safety
///
/// As of [`vcpu_register_runstate`].
///
/// # Errors
///
/// As of [`vcpu_register_runstate`].
pub unsafe fn vcpu_register_time(vcpu: VcpuId, place: GuestAddress) -> Result<()> {
    let argument = RegisterTimeMemoryArea { address: place };
    let operation = VcpuOp::RegisterVcpuTimeMemoryArea;
    // SAFETY: the hypervisor reads the argument; the place is the caller's promise.
    unsafe { operate(operation, vcpu, address(&argument)) }.map(|_| ())
}

/// Starts the calling virtual CPU's one-shot timer, with a deadline in nanoseconds of system time; 0 stops
/// it. A deadline in the past is an event at once.
///
/// # Errors
///
/// None that the ABI knows.
pub fn set_timer(deadline_ns: u64) -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::SetTimerOp, [deadline_ns]) }.map(|_| ())
}
