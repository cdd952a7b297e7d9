//! `multicall` makes the calls of a list in order and writes each one's result into its entry: one that
//! fails does not stop those behind it, and the whole succeeds: `public/xen.h`, `multicall_entry`.
#![no_std]
#![no_main]

use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::xen::MulticallEntry;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, address_mut, ask, equal, granted, refused};

guests::rule!(check);

fn entry(number: u64, arguments: &[u64]) -> MulticallEntry {
    let mut entry = MulticallEntry {
        op: number,
        result: 0x5555,
        ..MulticallEntry::default()
    };
    for (place, argument) in entry.args.iter_mut().zip(arguments) {
        *place = *argument;
    }
    entry
}

fn check() -> Check {
    let version = u64::from(Hypercall::XenVersion.number());
    let ports = u64::from(Hypercall::EventChannelOp.number());
    let mut list = [
        entry(version, &[u64::from(VersionOp::Version.number()), 0]),
        entry(version, &[99, 0]),
        entry(1000, &[]),
        entry(ports, &[4, 0x10]),
        entry(u64::from(Hypercall::Multicall.number()), &[0x10, 1]),
        entry(version, &[u64::from(VersionOp::Version.number()), 0]),
    ];
    let arguments = [address_mut(&mut list), list.len() as u64];
    equal(
        "the whole",
        granted("multicall", ask(Hypercall::Multicall, arguments))?,
        0,
    )?;
    let result = |index: usize| Answer(list[index].result.cast_signed());
    equal("the first", result(0), Answer(4 << 16 | 17))?;
    refused("no subfunction", result(1), &[Errno::ENOSYS])?;
    refused("no hypercall", result(2), &[Errno::ENOSYS])?;
    refused("no argument", result(3), &[Errno::EFAULT])?;
    refused(
        "a list in a list",
        result(4),
        &[Errno::EINVAL, Errno::EFAULT, Errno::ENOSYS],
    )?;
    equal("the last", result(5), Answer(4 << 16 | 17))
}
