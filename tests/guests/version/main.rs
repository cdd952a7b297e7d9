//! `xen_version` with `XENVER_version` returns the major version above bit 16 and the minor below, and
//! takes no argument: `public/version.h`. Both hypervisors are at 4.17. A subfunction that is none is
//! refused with `ENOSYS`.
#![no_std]
#![no_main]

use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, ensure};

guests::rule!(check);

fn check() -> Check {
    let version = ask(Hypercall::XenVersion, [VersionOp::Version as u64, 1]);
    ensure!(version.0 == 4 << 16 | 17, "the version is {version}");
    let none = ask(Hypercall::XenVersion, [62, 0]);
    ensure!(none.is(Errno::ENOSYS), "subfunction 62 answers {none}");
    Ok(())
}
