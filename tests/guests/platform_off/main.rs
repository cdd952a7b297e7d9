//! `XENPF_enter_acpi_sleep` with state S5 switches the machine off, by the PM1 control registers and the values that the caller
//! has from the firmware's `\_S5`: `public/platform.h`; ACPI 4.8.3.2.1. The caller does not come back.
#![no_std]
#![no_main]

use guests::control::platform;
use guests::sdk::abi::platform::{EnterAcpiSleep, PlatformOp};
use guests::{Check, Verdict};

guests::rule!(check);

/// `SLP_EN`: enter the state now.
const SLEEP_ENABLE: u16 = 1 << 13;
/// QEMU's `\_S5` has 0 for `SLP_TYPa`.
const TYPE: u16 = 0 << 10;

fn check() -> Check {
    guests::powers_off!("S5");
    let mut sleep = EnterAcpiSleep {
        val_a: TYPE | SLEEP_ENABLE,
        sleep_state: 5,
        ..EnterAcpiSleep::default()
    };
    let answer = platform(PlatformOp::EnterAcpiSleep, &mut sleep);
    Err(Verdict::failure(format_args!(
        "the machine is still on: {answer}"
    )))
}
