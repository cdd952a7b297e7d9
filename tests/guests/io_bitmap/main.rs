//! `PHYSDEVOP_set_iobitmap` takes at most 65536 ports, else `EINVAL`; none takes the ports of user code back:
//! `public/physdev.h`. Ringwall gives user code all ports of its domain or none, and answers `ENOSYS` to some.
#![no_std]
#![no_main]

use guests::sdk::abi::physdev::{PhysdevOp, SetIobitmap};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::{Answer, Check, address, ask, ensure};

guests::rule!(check);

fn set(nr_ports: u32) -> Answer {
    static NONE: [u8; 8192] = [0xff; 8192];
    let argument = SetIobitmap {
        bitmap: GuestAddress::new(address(&NONE)),
        nr_ports,
        ..SetIobitmap::default()
    };
    let arguments = [PhysdevOp::SetIobitmap as u64, address(&argument)];
    ask(Hypercall::PhysdevOp, arguments)
}

fn check() -> Check {
    for nr_ports in [65537, u32::MAX] {
        let answer = set(nr_ports);
        ensure!(answer.is(Errno::EINVAL), "{nr_ports} ports: {answer}");
    }
    let none = set(0);
    ensure!(none.is_ok(), "no ports: {none}");
    for nr_ports in [1, 65536] {
        let some = set(nr_ports);
        ensure!(
            some.is_ok() || some.is(Errno::ENOSYS),
            "{nr_ports} ports: {some}"
        );
    }
    Ok(())
}
