//! System time is the `vcpu_time_info` and the TSC: it never goes back, and goes as fast as timers do:
//! `public/xen.h`. The version is even while the fields hold; the reserved bytes are 0. Lesson 56.
#![no_std]
#![no_main]

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use guests::sdk::abi::xen::{VcpuInfo, VcpuTimeInfo};
use guests::sdk::hypercall::{poll, yield_now};
use guests::sdk::start;
use guests::sdk::time::monotonic_ns;
use guests::{Check, Verdict, ensure, equal};

guests::rule!(check);

const MILLISECOND: u64 = 1_000_000;

fn check() -> Check {
    let mut last = monotonic_ns();
    for round in 0..200_000_u32 {
        if round % 1000 == 0 {
            yield_now();
        }
        let now = monotonic_ns();
        ensure!(now >= last, "it went back by {} ns", last - now);
        last = now;
    }
    for milliseconds in [1, 20, 50] {
        let start = monotonic_ns();
        poll(&[], start + milliseconds * MILLISECOND)?;
        let took = monotonic_ns() - start;
        ensure!(
            took >= milliseconds * MILLISECOND,
            "{milliseconds} ms took {took} ns"
        );
    }
    let info = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let version = info.u32(VcpuInfo::TIME + offset_of!(VcpuTimeInfo, version));
    ensure!(
        version.load(Ordering::SeqCst).is_multiple_of(2),
        "the version stays odd"
    );
    let multiplier = info.u32(VcpuInfo::TIME + offset_of!(VcpuTimeInfo, tsc_to_system_mul));
    ensure!(
        multiplier.load(Ordering::SeqCst) != 0,
        "the multiplier is 0"
    );
    for reserved in [
        offset_of!(VcpuTimeInfo, _pad0),
        offset_of!(VcpuTimeInfo, _pad1),
    ] {
        let byte = info.u8(VcpuInfo::TIME + reserved).load(Ordering::SeqCst);
        equal("a reserved byte", byte, 0)?;
    }
    Ok(())
}
