//! `fpu_taskswitch` (5), `set_debugreg` (8) and `get_debugreg` (9).
//!
//! Results: 0, or the register; `EINVAL` for a register that there is not, or bits that it has not; `EPERM`
//! for a value that a guest may not set.

use ringwall_abi::Errno;
use ringwall_model::emulate::control::TaskSwitched;
use ringwall_model::emulate::debug::DebugError;

use super::{Call, Result, Stop};
use crate::trap;

pub(super) fn task_switch(call: &mut Call<'_>) -> Result {
    let to = if call.word(0) == 0 {
        TaskSwitched::Clear
    } else {
        TaskSwitched::Set
    };
    trap::set_task_switched(call.vcpu, to);
    Ok(0)
}

fn error(error: DebugError) -> Stop {
    Stop::Errno(match error {
        DebugError::NoRegister => Errno::EINVAL,
        DebugError::Refused => Errno::EPERM,
    })
}

fn register(call: &Call<'_>) -> Result<u8> {
    u8::try_from(call.number(0)).map_err(|_| Stop::Errno(Errno::EINVAL))
}

pub(super) fn set_debug_register(call: &mut Call<'_>) -> Result {
    let (register, value) = (register(call)?, call.number(1));
    // Addresses have 64 bits, status and control 32.
    if register >= 4 && value >> 32 != 0 {
        return Err(Errno::EINVAL.into());
    }
    trap::set_debug_register(call.vcpu, register, value).map_err(error)?;
    Ok(0)
}

pub(super) fn get_debug_register(call: &mut Call<'_>) -> Result {
    let state = call.vcpu.state.lock();
    state
        .debug
        .get(register(call)?, trap::cr4_policy().read(state.cr4))
        .map_err(error)
}
