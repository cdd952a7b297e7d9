//! Each operation of `xen_version` fills in its own structure and nothing behind it: `public/version.h`. Texts
//! end by a zero within their bounds, and what follows it is no trace of the hypervisor's memory. Lesson 56.
#![no_std]
#![no_main]

use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, address_mut, ask, ensure, equal, granted, refused};

guests::rule!(check);

#[repr(align(16))]
struct Buffer([u8; 4096]);

fn version(operation: VersionOp, argument: u64) -> Answer {
    ask(
        Hypercall::XenVersion,
        [u64::from(operation.number()), argument],
    )
}

fn check() -> Check {
    equal(
        "pagesize",
        granted("pagesize", version(VersionOp::PageSize, 0))?,
        4096,
    )?;
    for (operation, size) in [
        (VersionOp::ExtraVersion, 16),
        (VersionOp::CompileInfo, 144),
        (VersionOp::Capabilities, 1024),
        (VersionOp::Changeset, 64),
        (VersionOp::PlatformParameters, 8),
        (VersionOp::GetFeatures, 8),
        (VersionOp::GuestHandle, 16),
        (VersionOp::CommandLine, 1024),
    ] {
        let mut buffer = Buffer([0xa5; 4096]);
        if operation == VersionOp::GetFeatures {
            buffer.0[..4].fill(0);
        }
        granted(operation, version(operation, address_mut(&mut buffer)))?;
        let behind = buffer.0[size..].iter().all(|byte| *byte == 0xa5);
        ensure!(behind, "{operation} writes behind its structure");
        if [
            VersionOp::ExtraVersion,
            VersionOp::Capabilities,
            VersionOp::Changeset,
            VersionOp::CommandLine,
        ]
        .contains(&operation)
        {
            let text = &buffer.0[..size];
            let end = text.iter().position(|byte| *byte == 0);
            ensure!(end.is_some(), "{operation} has no end");
            let printable = |byte: &u8| (b' '..=b'~').contains(byte);
            ensure!(
                text[..end.unwrap_or(0)].iter().all(printable),
                "{operation} is no text"
            );
        }
        for place in [0x10, 0xffff_8300_0000_0000] {
            refused(operation, version(operation, place), &[Errno::EFAULT])?;
        }
    }
    let mut features = [0_u32; 2];
    features[0] = 77;
    let answer = version(VersionOp::GetFeatures, address_mut(&mut features));
    refused("features that are none", answer, &[Errno::EINVAL])
}
