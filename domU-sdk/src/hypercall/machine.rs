//! What a guest asks of its virtual machine: debug registers, descriptors, the FPU, assistances.
// UNSAFETY: passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::xen::{VmAssistCommand, VmAssistType};
use ringwall_abi::{Hypercall, MachineAddress, Mfn};

use super::{Result, address, call};

/// Writes a debug register: 0..=3, 6 or 7.
///
/// # Errors
///
/// `EINVAL` or `EPERM` for a value that may not be there, `ENODEV` for another register.
pub fn set_debugreg(register: u64, value: u64) -> Result<()> {
    // SAFETY: breakpoints lead to exceptions, whose handlers are this crate's.
    unsafe { call(Hypercall::SetDebugreg, [register, value]) }.map(|_| ())
}

/// Reads a debug register: 0..=3, 6 or 7. A value that looks like an error can't be told from one.
///
/// # Errors
///
/// `EINVAL` or `ENODEV` for another register.
pub fn get_debugreg(register: u64) -> Result {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::GetDebugreg, [register]) }
}

/// Whether the FPU traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FpuTrap {
    /// It works.
    Clear,
    /// Its next use is the exception "device not available".
    Set,
}

/// Sets or clears CR0.TS.
///
/// # Errors
///
/// None that the ABI knows.
pub fn fpu_taskswitch(trap: FpuTrap) -> Result<()> {
    let set = u64::from(trap == FpuTrap::Set);
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::FpuTaskswitch, [set]) }.map(|_| ())
}

/// Sets the frames of the GDT, and how many descriptors they hold.
///
/// # Safety
///
/// The frames must be mapped nowhere writable, and loaded selectors keep their meaning.
///
/// # Errors
///
/// `EINVAL` for frames that are not fit, or too many descriptors.
pub unsafe fn set_gdt(frames: &[Mfn], descriptors: u32) -> Result<()> {
    if u64::from(descriptors).div_ceil(512) > frames.len() as u64 {
        return Err(super::Error::before(
            Hypercall::SetGdt,
            ringwall_abi::Errno::EINVAL,
        ));
    }
    let arguments = [address(frames), u64::from(descriptors)];
    // SAFETY: the hypervisor reads as many frames as the descriptors take; the rest is the caller's.
    unsafe { call(Hypercall::SetGdt, arguments) }.map(|_| ())
}

/// Writes one descriptor.
///
/// # Safety
///
/// The place must be a table of descriptors, and loaded selectors keep their meaning.
///
/// # Errors
///
/// `EINVAL` for a descriptor that guests may not have, or a place that is none.
pub unsafe fn update_descriptor(place: MachineAddress, descriptor: u64) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::UpdateDescriptor, [place.raw(), descriptor]) }.map(|_| ())
}

/// Switches an assistance on or off.
///
/// # Errors
///
/// `EINVAL` for an assistance that is not to be had, `ENOSYS` for a command that is none.
pub fn vm_assist(command: VmAssistCommand, assistance: VmAssistType) -> Result<()> {
    let arguments = [u64::from(command.number()), u64::from(assistance.number())];
    // SAFETY: assistances emulate what would be exceptions.
    unsafe { call(Hypercall::VmAssist, arguments) }.map(|_| ())
}
