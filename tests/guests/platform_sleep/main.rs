//! `XENPF_enter_acpi_sleep` refuses a state that is none with `EINVAL`, and the machine goes on; so it does where the
//! platform has no such registers: `public/platform.h`. What firmware tells of disks and the like may be nothing: `ESRCH`.
#![no_std]
#![no_main]

use guests::control::platform;
use guests::sdk::abi::Errno;
use guests::sdk::abi::platform::{EnterAcpiSleep, PlatformOp, SleepFlags};
use guests::sdk::time::sleep_ns;
use guests::{Check, refused};

guests::rule!(check);

fn check() -> Check {
    for sleep_state in [0, 6, 99, u32::MAX] {
        let mut sleep = EnterAcpiSleep {
            sleep_state,
            ..EnterAcpiSleep::default()
        };
        let answer = platform(PlatformOp::EnterAcpiSleep, &mut sleep);
        // Xen first looks for registers, which a machine may not have.
        refused("no state", answer, &[Errno::EINVAL, Errno::EPERM])?;
    }
    let mut reduced = EnterAcpiSleep {
        sleep_state: 5,
        flags: SleepFlags::EXTENDED,
        ..EnterAcpiSleep::default()
    };
    let answer = platform(PlatformOp::EnterAcpiSleep, &mut reduced);
    refused(
        "registers of a machine that this is not",
        answer,
        &[Errno::EOPNOTSUPP, Errno::EPERM, Errno::EINVAL],
    )?;
    sleep_ns(1_000_000);
    // A kind of information that there is not.
    let mut firmware = [99_u32, 0, 0, 0];
    let answer = platform(PlatformOp::FirmwareInfo, &mut firmware);
    refused("no information", answer, &[Errno::EINVAL, Errno::ENOSYS])?;
    // The disk of number 99.
    firmware = [1, 99, 0, 0];
    let answer = platform(PlatformOp::FirmwareInfo, &mut firmware);
    refused(
        "disk 99",
        answer,
        &[Errno::ESRCH, Errno::ENOENT, Errno::EINVAL],
    )
}
