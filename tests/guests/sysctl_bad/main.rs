//! `sysctl` refuses another version of its interface with `EACCES`, an operation that is none with `ENOSYS`, and a request
//! that can't be read with `EFAULT`: `public/sysctl.h`.
#![no_std]
#![no_main]

use guests::control::NOWHERE;
use guests::sdk::abi::sysctl::{INTERFACE_VERSION, SysctlOp, SysctlRequest};
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::hypercall;
use guests::{Check, ask, equal, refused};

guests::rule!(check);

/// By the SDK's wrapper.
fn request(cmd: u32, version: u32) -> Option<Errno> {
    let mut request = SysctlRequest {
        cmd,
        interface_version: version,
        ..SysctlRequest::default()
    };
    #[expect(unsafe_code, reason = "asks for what is refused")]
    // SAFETY: what the request names, which is nothing, is not written.
    let result = unsafe { hypercall::sysctl(&mut request) };
    result.err().and_then(hypercall::Error::errno)
}

fn check() -> Check {
    let physinfo = SysctlOp::PhysInfo.number();
    equal("physinfo", request(physinfo, INTERFACE_VERSION), None)?;
    for version in [0, INTERFACE_VERSION - 1, INTERFACE_VERSION + 1, u32::MAX] {
        equal(
            "the version",
            request(physinfo, version),
            Some(Errno::EACCES),
        )?;
    }
    for operation in [0, 13, 24, 28, 200, u32::MAX] {
        equal(
            "no operation",
            request(operation, INTERFACE_VERSION),
            Some(Errno::ENOSYS),
        )?;
    }
    for place in NOWHERE {
        refused(
            "no request",
            ask(Hypercall::Sysctl, [place]),
            &[Errno::EFAULT],
        )?;
    }
    Ok(())
}
