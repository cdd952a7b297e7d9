//! `set_trap_table`, `callback_op`, `nmi_op`, `stack_switch`, `set_segment_base`: where and how the hypervisor
//! enters the guest.
// UNSAFETY: passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::arch_x86::{FLAT_KERNEL_SS, SegmentBase, TrapInfo};
use ringwall_abi::callback::{
    CallbackFlags, CallbackOp, CallbackRegister, CallbackType, CallbackUnregister,
};
use ringwall_abi::nmi::{NmiCallback, NmiOp};
use ringwall_abi::{Errno, GuestAddress, Hypercall};

use super::{Error, Result, address, call};

/// Sets handlers of exceptions and soft interrupts. The list ends with an address of 0.
///
/// # Safety
///
/// The handlers must be entry code for their vectors.
///
/// # Errors
///
/// `EINVAL` where the list has no end, or for a handler at an address that is none.
pub unsafe fn set_trap_table(table: &[TrapInfo]) -> Result<()> {
    if table.last().is_none_or(|last| last.address.raw() != 0) {
        return Err(Error::before(Hypercall::SetTrapTable, Errno::EINVAL));
    }
    // SAFETY: the hypervisor reads the list up to its end, which it has; the rest is the caller's.
    unsafe { call(Hypercall::SetTrapTable, [address(table)]) }.map(|_| ())
}

/// Sets an entry point.
///
/// # Safety
///
/// The address must be entry code of this kind.
///
/// # Errors
///
/// `EINVAL` for an address that is none, `ENOSYS` for a kind that is not known.
pub unsafe fn register_callback(
    kind: CallbackType,
    flags: CallbackFlags,
    entry: GuestAddress,
) -> Result<()> {
    let argument = CallbackRegister {
        kind: kind.number(),
        flags,
        address: entry,
        ..CallbackRegister::default()
    };
    let arguments = [CallbackOp::Register as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument; the entry is the caller's promise.
    unsafe { call(Hypercall::CallbackOp, arguments) }.map(|_| ())
}

/// Sets the entry points of events, failed returns and system calls at once: the form before
/// [`register_callback`].
///
/// # Safety
///
/// The addresses must be entry code of these kinds.
///
/// # Errors
///
/// `EINVAL` for an address that is none.
pub unsafe fn set_callbacks(
    event: GuestAddress,
    failsafe: GuestAddress,
    syscall: GuestAddress,
) -> Result<()> {
    let arguments = [event.raw(), failsafe.raw(), syscall.raw()];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::SetCallbacks, arguments) }.map(|_| ())
}

/// Takes an entry point back.
///
/// # Errors
///
/// `EINVAL` for one that the guest can't be without, `ENOSYS` for a kind that is not known.
pub fn unregister_callback(kind: CallbackType) -> Result<()> {
    let argument = CallbackUnregister {
        kind: kind.number(),
        _unused: 0,
    };
    let arguments = [CallbackOp::Unregister as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument. What enters the guest no more can harm nothing.
    unsafe { call(Hypercall::CallbackOp, arguments) }.map(|_| ())
}

/// Sets the handler of NMIs, which are the privileged domain's first virtual CPU's: the form before
/// [`register_callback`] with [`CallbackType::Nmi`].
///
/// # Safety
///
/// The address must be entry code of this kind.
///
/// # Errors
///
/// `EINVAL` for an address that is none, or a caller that gets no NMIs.
pub unsafe fn register_nmi(entry: GuestAddress) -> Result<()> {
    let argument = NmiCallback {
        handler_address: entry,
        ..NmiCallback::default()
    };
    let arguments = [NmiOp::RegisterCallback as u64, address(&argument)];
    // SAFETY: the hypervisor reads the argument; the entry is the caller's promise.
    unsafe { call(Hypercall::NmiOp, arguments) }.map(|_| ())
}

/// Takes the handler of NMIs back.
///
/// # Errors
///
/// None that the ABI knows.
pub fn unregister_nmi() -> Result<()> {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::NmiOp, [NmiOp::UnregisterCallback as u64, 0]) }.map(|_| ())
}

/// Sets the stack on which the kernel is entered from user code.
///
/// # Safety
///
/// Below the address must be room for frames that nothing else uses.
///
/// # Errors
///
/// `EINVAL` for an address that is none.
pub unsafe fn stack_switch(stack_end: GuestAddress) -> Result<()> {
    let arguments = [u64::from(FLAT_KERNEL_SS), stack_end.raw()];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::StackSwitch, arguments) }.map(|_| ())
}

/// Sets a segment's base, or the user's GS selector.
///
/// # Safety
///
/// The kernel's GS base is this crate's, in which it has the virtual CPU's block.
///
/// # Errors
///
/// `EINVAL` for an address that is not canonical.
pub unsafe fn set_segment_base(base: SegmentBase, value: u64) -> Result<()> {
    let arguments = [u64::from(base.number()), value];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::SetSegmentBase, arguments) }.map(|_| ())
}
