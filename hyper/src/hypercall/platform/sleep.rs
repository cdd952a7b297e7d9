//! Sleep by ACPI.

use ringwall_abi::Errno;
use ringwall_abi::platform::{EnterAcpiSleep, SleepFlags};
use ringwall_hw::{log, reset};

use super::op::read_body;
use crate::hypercall::{Call, Result};
use crate::irq;

/// Soft off.
const S5: u32 = 5;

/// `enter_acpi_sleep`. `EINVAL`: no such state; `EOPNOTSUPP`: another state than soft off, or a
/// machine without PM1 control registers; `EIO`: the machine stays on.
pub(super) fn enter(call: &Call<'_>) -> Result {
    let request: EnterAcpiSleep = read_body(call)?;
    if !(1..=S5).contains(&request.sleep_state) {
        return Err(Errno::EINVAL.into());
    }
    let has_registers = irq::firmware().is_some_and(|tables| tables.power.pm1a_control != 0);
    if request.sleep_state != S5 || request.flags.contains(SleepFlags::EXTENDED) || !has_registers {
        return Err(Errno::EOPNOTSUPP.into());
    }
    log!(Info, "{} switches the machine off", call.domain().id());
    reset::enter_sleep(request.val_a, request.val_b);
    log!(Warning, "the machine is still on");
    Err(Errno::EIO.into())
}
