//! `xen_version` with `XENVER_version` returns the major version above bit 16 and the minor below, and
//! takes no argument: `public/version.h`. Both hypervisors are at 4.17. A subfunction that is none is
//! refused with `ENOSYS`. Each of the others fills in its structure; `XENVER_build_id` may have none to tell.
#![no_std]
#![no_main]

use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::sdk::hypercall::{
    build_id, changeset, compile_info, guest_handle, hypervisor_command_line, page_size,
    platform_parameters,
};
use guests::{Check, ask, ensure, equal, refused};

guests::rule!(check);

fn check() -> Check {
    let version = ask(Hypercall::XenVersion, [VersionOp::Version as u64, 1]);
    ensure!(version.0 == 4 << 16 | 17, "the version is {version}");
    let none = ask(Hypercall::XenVersion, [62, 0]);
    ensure!(none.is(Errno::ENOSYS), "subfunction 62 answers {none}");
    // The others, as the SDK has them.
    equal("the page", page_size()?, 4096)?;
    let start = platform_parameters()?.virt_start;
    equal("the hypervisor's part", start, 0xffff_8000_0000_0000)?;
    equal("dom0's UUID", guest_handle()?, [0; 16])?;
    compile_info()?;
    changeset()?;
    let line = hypervisor_command_line()?;
    ensure!(
        line.starts_with(b"console=") || line.windows(9).any(|text| text == b" console="),
        "the command line names no console"
    );
    // Ringwall's image has none: `ENODATA`.
    let mut id = [0; 64];
    match build_id(&mut id) {
        Ok(length) => ensure!(length == 20, "the build ID has {length} bytes"),
        Err(error) => refused(
            "the build ID",
            Err::<(), _>(error).into(),
            &[Errno::ENODATA],
        )?,
    }
    Ok(())
}
