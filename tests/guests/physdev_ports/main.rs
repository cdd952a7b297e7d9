//! `PHYSDEVOP_set_iobitmap` gives user code single ports, at most 65536: `public/physdev.h`. Ringwall gives it none but by the
//! IOPL, and says so: `ENOSYS`. A page of bits for ends of interrupts is one more thing that a hypervisor need not have.
#![no_std]
#![no_main]

use guests::control::physdev;
use guests::memory::NOBODYS;
use guests::sdk::abi::physdev::{PhysdevOp, PirqEoiGmfn, SetIobitmap};
use guests::sdk::abi::{Errno, GuestAddress};
use guests::{Answer, Check, address, granted, refused, unless_xen};

guests::rule!(check);

fn set(bitmap: u64, nr_ports: u32) -> Answer {
    let mut argument = SetIobitmap {
        bitmap: GuestAddress::new(bitmap),
        nr_ports,
        ..SetIobitmap::default()
    };
    physdev(PhysdevOp::SetIobitmap, &mut argument)
}

fn check() -> Check {
    static NONE: [u8; 8192] = [0xff; 8192];
    granted("no ports", set(0, 0))?;
    for ports in [65_537, 1 << 20, u32::MAX] {
        refused(
            "more ports than there are",
            set(address(&NONE), ports),
            &[Errno::EINVAL],
        )?;
    }
    let answer = set(address(&NONE), 65_536);
    unless_xen!(
        answer.is(Errno::ENOSYS),
        "a bitmap: {answer}; on Ringwall user code has all ports by its IOPL, or none"
    );
    granted("no ports again", set(0, 0))?;
    for operation in [PhysdevOp::PirqEoiGmfnV1, PhysdevOp::PirqEoiGmfnV2] {
        let answer = physdev(operation, &mut PirqEoiGmfn { gmfn: NOBODYS });
        refused(operation, answer, &[Errno::ENOSYS, Errno::EINVAL])?;
    }
    Ok(())
}
