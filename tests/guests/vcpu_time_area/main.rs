//! `VCPUOP_register_vcpu_time_memory_area` keeps a second copy of the time in user-readable memory, for
//! `vdso`: `public/vcpu.h`. It is filled in at once, and its version is even while it holds.
#![no_std]
#![no_main]

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::abi::vcpu::{RegisterTimeMemoryArea, VcpuOp};
use guests::sdk::abi::xen::{VcpuInfo, VcpuTimeInfo};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::sdk::start;
use guests::{Answer, Check, Verdict, address, ask, ensure, equal, granted, refused};

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
    let multiplier = offset_of!(VcpuTimeInfo, tsc_to_system_mul);
    equal(
        "the multiplier",
        area.u32(64 + multiplier).load(Ordering::SeqCst),
        info.u32(VcpuInfo::TIME + multiplier).load(Ordering::SeqCst),
    )?;
    ensure!(
        area.u64(64 + offset_of!(VcpuTimeInfo, tsc_timestamp))
            .load(Ordering::SeqCst)
            != 0,
        "the copy is empty"
    );
    refused(
        "in the hypervisor",
        register(0xffff_8300_0000_0000),
        &[Errno::EFAULT],
    )
}
