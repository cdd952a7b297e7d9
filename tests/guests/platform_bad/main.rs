//! `platform_op` refuses another version of its interface with `EACCES`, an operation that is none with `ENOSYS`, and a
//! request that can't be read with `EFAULT`: `public/platform.h`.
#![no_std]
#![no_main]

use guests::control::{NOWHERE, platform};
use guests::sdk::abi::platform::{
    AddMemtype, DelMemtype, INTERFACE_VERSION, PlatformOp, PlatformQuirk, PlatformRequest,
    ReadMemtype,
};
use guests::sdk::abi::{Errno, Hypercall, Mfn};
use guests::sdk::hypercall;
use guests::{Check, ask, equal, refused};

guests::rule!(check);

/// By the SDK's wrapper.
fn request(cmd: u32, version: u32) -> Option<Errno> {
    let mut request = PlatformRequest {
        cmd,
        interface_version: version,
        ..PlatformRequest::default()
    };
    #[expect(unsafe_code, reason = "asks for what is refused")]
    // SAFETY: what the request names, which is nothing, is not written.
    let result = unsafe { hypercall::platform_op(&mut request) };
    result.err().and_then(hypercall::Error::errno)
}

fn check() -> Check {
    let cpu = PlatformOp::GetCpuinfo.number();
    equal("get_cpuinfo", request(cpu, INTERFACE_VERSION), None)?;
    for version in [0, INTERFACE_VERSION - 1, INTERFACE_VERSION + 1, u32::MAX] {
        equal("the version", request(cpu, version), Some(Errno::EACCES))?;
    }
    for operation in [0, 1, 16, 36, 64, 200, u32::MAX] {
        equal(
            "no operation",
            request(operation, INTERFACE_VERSION),
            Some(Errno::ENOSYS),
        )?;
    }
    for place in NOWHERE {
        refused(
            "no request",
            ask(Hypercall::PlatformOp, [place]),
            &[Errno::EFAULT],
        )?;
    }
    // Memory types are the firmware's, says Ringwall; what can't be one is refused by all.
    let errnos = &[Errno::ENOSYS, Errno::EINVAL];
    let mut add = AddMemtype {
        mfn: Mfn::new(0x100),
        nr_mfns: 1,
        kind: 99,
        ..AddMemtype::default()
    };
    refused(
        "type 99",
        platform(PlatformOp::AddMemtype, &mut add),
        errnos,
    )?;
    let mut delete = DelMemtype {
        handle: 0,
        reg: 999,
    };
    refused(
        "register 999",
        platform(PlatformOp::DelMemtype, &mut delete),
        errnos,
    )?;
    let mut read = ReadMemtype {
        reg: 999,
        ..ReadMemtype::default()
    };
    refused(
        "register 999",
        platform(PlatformOp::ReadMemtype, &mut read),
        errnos,
    )?;
    let mut quirk = PlatformQuirk { quirk_id: 99 };
    refused(
        "quirk 99",
        platform(PlatformOp::PlatformQuirk, &mut quirk),
        errnos,
    )
}
