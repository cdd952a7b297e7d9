//! `XENPF_settime64` and `XENPF_settime32` set the wall clock by what it was at a system time; the shared page has it at once:
//! `public/platform.h`, `public/xen.h`. More nanoseconds than a second has, or a field that must be 0, are `EINVAL`.
#![no_std]
#![no_main]

use guests::control::platform;
use guests::sdk::abi::Errno;
use guests::sdk::abi::platform::{PlatformOp, Settime32, Settime64};
use guests::sdk::time::{monotonic_ns, wall_clock_ns};
use guests::{Check, ensure, granted, refused, unless_xen};

guests::rule!(check);

const SECOND_NS: u128 = 1_000_000_000;

/// The clock stands within a second of this one.
fn near(seconds: u64) -> bool {
    wall_clock_ns().abs_diff(u128::from(seconds) * SECOND_NS) < SECOND_NS
}

fn check() -> Check {
    for secs in [4_000_000_000, 1_000_000_000] {
        let mut time = Settime64 {
            secs,
            nsecs: 999_999_999,
            mbz: 0,
            system_time: monotonic_ns() + 1_000_000_000,
        };
        granted("settime64", platform(PlatformOp::Settime64, &mut time))?;
        ensure!(
            near(secs),
            "{secs} s were set, it is {} ns",
            wall_clock_ns()
        );
    }
    let mut time = Settime32 {
        secs: 2_000_000_000,
        nsecs: 0,
        system_time: monotonic_ns(),
    };
    granted("settime32", platform(PlatformOp::Settime32, &mut time))?;
    ensure!(near(2_000_000_000), "it is {} ns", wall_clock_ns());
    let before = wall_clock_ns();
    let mut odd = Settime64 {
        secs: 5,
        mbz: 1,
        ..Settime64::default()
    };
    let answer = platform(PlatformOp::Settime64, &mut odd);
    refused("a field that must be 0", answer, &[Errno::EINVAL])?;
    ensure!(
        wall_clock_ns() >= before && near(2_000_000_000),
        "it was set"
    );
    let mut long = Settime64 {
        secs: 5,
        nsecs: 1_000_000_000,
        ..Settime64::default()
    };
    let answer = platform(PlatformOp::Settime64, &mut long);
    unless_xen!(
        answer.is(Errno::EINVAL),
        "a thousand million nanoseconds: {answer}; they are a second, which has its own field"
    );
    Ok(())
}
