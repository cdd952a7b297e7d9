//! `callback_op` (30), `set_callbacks` (4) and `nmi_op` (28): where the hypervisor enters the guest.
//!
//! Results: 0; `EINVAL` for an address that is not canonical or is the hypervisor's, and for what can't be
//! unregistered, which is all but the NMI's; `ENOSYS` for an unknown operation or type; `EFAULT`.

use ringwall_abi::callback::{
    CallbackFlags, CallbackOp, CallbackRegister, CallbackType, CallbackUnregister,
};
use ringwall_abi::nmi::{NmiCallback, NmiOp};
use ringwall_abi::{Errno, GuestAddress};
use ringwall_hw::cpu::local;
use ringwall_hw::memory::guest;

use super::traps::code_address;
use super::{Call, Result};
use crate::vcpu::{Handler, Vcpu};

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    match CallbackOp::from_number(call.number(0) & 0xffff_ffff) {
        Some(CallbackOp::Register) => {
            let request: CallbackRegister = call.read(1)?;
            let address = code_address(request.address.raw()).ok_or(Errno::EINVAL)?;
            register(
                call.vcpu,
                request.kind,
                address,
                request.flags.contains(CallbackFlags::MASK_EVENTS),
            )
        }
        Some(CallbackOp::Unregister) => {
            let request: CallbackUnregister = call.read(1)?;
            match callback_type(request.kind)? {
                CallbackType::Nmi => register(call.vcpu, request.kind, 0, false),
                _ => Err(Errno::EINVAL.into()),
            }
        }
        None => Err(Errno::ENOSYS.into()),
    }
}

fn register(vcpu: &Vcpu, kind: u16, address: u64, masks_events: bool) -> Result {
    let mut state = vcpu.state.lock();
    match callback_type(kind)? {
        CallbackType::Event => state.event_callback = address,
        CallbackType::Failsafe => {
            state.failsafe_callback = address;
            state.failsafe_masks_events = masks_events;
        }
        CallbackType::Syscall => {
            state.syscall_target = address;
            state.syscall_masks_events = masks_events;
            let guest = &local::current().guest;
            guest.syscall_target.set(address);
            guest.syscall_masks_events.set(masks_events.into());
        }
        CallbackType::Nmi => state.nmi_callback = address,
        CallbackType::Syscall32 => {
            state.syscall32 = Handler {
                address,
                masks_events,
                dpl: 3,
            }
        }
        // Guests are told of no `sysenter`, and Linux does without it where it can't register this.
        CallbackType::Sysenter | CallbackType::SysenterDeprecated => {
            return Err(Errno::ENOSYS.into());
        }
    }
    Ok(0)
}

/// The kind of a callback, of those that guests may set.
fn callback_type(kind: u16) -> Result<CallbackType> {
    match CallbackType::from_number(kind.into()) {
        None | Some(CallbackType::SysenterDeprecated) => Err(Errno::ENOSYS.into()),
        Some(kind) => Ok(kind),
    }
}

/// The old form: event, failsafe and syscall handlers at once.
pub(super) fn set_callbacks(call: &mut Call<'_>) -> Result {
    let check = |index| code_address(call.number(index)).ok_or(Errno::EINVAL);
    let (event, failsafe, syscall) = (check(0)?, check(1)?, check(2)?);
    register(call.vcpu, CallbackType::Event.number(), event, false)?;
    register(call.vcpu, CallbackType::Failsafe.number(), failsafe, false)?;
    register(call.vcpu, CallbackType::Syscall.number(), syscall, false)
}

pub(super) fn nmi_op(call: &mut Call<'_>) -> Result {
    match NmiOp::from_number(call.number(0) & 0xffff_ffff) {
        Some(NmiOp::RegisterCallback) => {
            let request: NmiCallback = guest::read(GuestAddress::new(call.number(1)))?;
            let address = code_address(request.handler_address.raw()).ok_or(Errno::EINVAL)?;
            register(call.vcpu, CallbackType::Nmi.number(), address, false)
        }
        Some(NmiOp::UnregisterCallback) => {
            register(call.vcpu, CallbackType::Nmi.number(), 0, false)
        }
        None => Err(Errno::ENOSYS.into()),
    }
}
