//! `VCPUOP_register_vcpu_info` moves a virtual CPU's `vcpu_info` into a page of the guest, once, with what it
//! held: `public/vcpu.h`. Lesson 58: an offset that is not aligned, or where the structure leaves the page, is
//! refused with `EINVAL` or `ENXIO`; so is a frame that is not the guest's. The old place is not written any more.
#![no_std]
#![no_main]

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use guests::events::{ipi, send, set_masked, take_pending};
use guests::page::page;
use guests::sdk::abi::vcpu::{RegisterVcpuInfo, VcpuOp};
use guests::sdk::abi::xen::{VcpuInfo, VcpuTimeInfo};
use guests::sdk::abi::{Errno, Hypercall, Mfn};
use guests::sdk::event::mask::mask;
use guests::sdk::start;
use guests::{Answer, Check, Verdict, address, ask, ensure, granted, refused};

guests::rule!(check);

fn register(vcpu: u64, mfn: Mfn, offset: u32) -> Answer {
    let argument = RegisterVcpuInfo {
        mfn,
        offset,
        ..RegisterVcpuInfo::default()
    };
    let operation = u64::from(VcpuOp::RegisterVcpuInfo.number());
    ask(Hypercall::VcpuOp, [operation, vcpu, address(&argument)])
}

fn check() -> Check {
    let _no_upcalls = mask();
    let old = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let (place, frame) = page()?;
    let invalid = &[Errno::EINVAL, Errno::ENXIO];
    let size = u32::try_from(size_of::<VcpuInfo>()).unwrap_or(0);
    for offset in [1, 4, 4096 - size + 8, 4096, u32::MAX - 7] {
        refused(offset, register(0, frame, offset), invalid)?;
    }
    refused(
        "nobody's frame",
        register(0, Mfn::new(0xf_ffff_fff0), 0),
        invalid,
    )?;
    refused("no virtual CPU", register(4095, frame, 0), &[Errno::ENOENT])?;
    let port = ipi()?;
    set_masked(port, false);

    granted("register", register(0, frame, 128))?;
    // Whatever was pending is so at the new place too, for it might have been lost in between.
    old.u8(VcpuInfo::UPCALL_PENDING).store(0, Ordering::SeqCst);
    place.u8(128).store(0, Ordering::SeqCst);
    place
        .u64(128 + VcpuInfo::PENDING_SEL)
        .store(0, Ordering::SeqCst);
    granted("send", send(port))?;
    ensure!(
        place.u8(128).load(Ordering::SeqCst) == 1,
        "no upcall at the new place"
    );
    ensure!(
        old.u8(VcpuInfo::UPCALL_PENDING).load(Ordering::SeqCst) == 0,
        "an upcall at the old place"
    );
    take_pending(port);
    let multiplier = 128 + VcpuInfo::TIME + offset_of!(VcpuTimeInfo, tsc_to_system_mul);
    ensure!(
        place.u32(multiplier).load(Ordering::SeqCst) != 0,
        "no time at the new place"
    );
    refused("twice", register(0, frame, 256), invalid)?;
    // What the SDK goes on with is the old place: the mask there is what it will see.
    Ok(())
}
