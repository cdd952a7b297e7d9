//! `VCPUOP_register_vcpu_time_memory_area` keeps a second copy of the time in user-readable memory, for
//! `vdso`: `public/vcpu.h`. It is filled in at once, with all that `vcpu_info` says of the time, and its version is
//! even while it holds. At 0 there is none any more. Linux uses it where the time is marked stable in both
//! (`arch/x86/xen/time.c`).
#![no_std]
#![no_main]

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::abi::vcpu::{RegisterTimeMemoryArea, VcpuOp};
use guests::sdk::abi::xen::{PvclockFlags, VcpuInfo, VcpuTimeInfo};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::sdk::start;
use guests::{Answer, Check, Verdict, address, ask, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

fn register(place: u64) -> Answer {
    let argument = RegisterTimeMemoryArea {
        address: GuestAddress::new(place),
    };
    let operation = u64::from(VcpuOp::RegisterVcpuTimeMemoryArea.number());
    ask(Hypercall::VcpuOp, [operation, 0, address(&argument)])
}

fn check() -> Check {
    let (area, _) = page()?;
    granted("register", register(area.address() + 64))?;
    let version = area.u32(64 + offset_of!(VcpuTimeInfo, version));
    ensure!(
        version.load(Ordering::SeqCst).is_multiple_of(2),
        "the version stays odd"
    );
    let info = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    // The multiplier; the shift, the flags and padding.
    for word in [
        offset_of!(VcpuTimeInfo, tsc_to_system_mul),
        offset_of!(VcpuTimeInfo, tsc_shift),
    ] {
        equal(
            "a word of the copy",
            area.u32(64 + word).load(Ordering::SeqCst),
            info.u32(VcpuInfo::TIME + word).load(Ordering::SeqCst),
        )?;
    }
    let stable = u32::from(PvclockFlags::TSC_STABLE.bits()) << 8;
    let flags = area
        .u32(64 + offset_of!(VcpuTimeInfo, tsc_shift))
        .load(Ordering::SeqCst);
    unless_xen!(
        flags & stable != 0,
        "the time is not marked stable where the counter is not, also on a machine of one CPU, which has one line"
    );
    ensure!(
        area.u64(64 + offset_of!(VcpuTimeInfo, tsc_timestamp))
            .load(Ordering::SeqCst)
            != 0,
        "the copy is empty"
    );
    granted("none", register(0))?;
    refused(
        "in the hypervisor",
        register(0xffff_8300_0000_0000),
        &[Errno::EFAULT],
    )
}
