//! `platform_op`, `sysctl` and `domctl` are for toolstacks of one version: another one is `EACCES`, an operation
//! that is none `ENOSYS`, an argument that can't be read `EFAULT`: `public/platform.h`, `public/sysctl.h`,
//! `public/domctl.h`.
#![no_std]
#![no_main]

use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::abi::{domctl, platform, sysctl};
use guests::{Check, address_mut, ask, refused};

guests::rule!(check);

fn check() -> Check {
    for (number, version) in [
        (Hypercall::PlatformOp, platform::INTERFACE_VERSION),
        (Hypercall::Sysctl, sysctl::INTERFACE_VERSION),
        (Hypercall::Domctl, domctl::INTERFACE_VERSION),
    ] {
        // Of all three the first two words are the operation and the version.
        let mut request = [0_u64; 32];
        let mut make = |operation: u32, version: u32| {
            request[0] = u64::from(version) << 32 | u64::from(operation);
            ask(number, [address_mut(&mut request)])
        };
        for other in [0, version - 1, version + 1, u32::MAX] {
            refused(number.header_name(), make(6, other), &[Errno::EACCES])?;
        }
        for operation in [9999, u32::MAX] {
            let answer = make(operation, version);
            // Before the operation, domctl looks for its domain.
            let errnos = &[Errno::ENOSYS, Errno::ESRCH];
            refused(number.header_name(), answer, errnos)?;
        }
        for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
            refused(number.header_name(), ask(number, [place]), &[Errno::EFAULT])?;
        }
    }
    Ok(())
}
