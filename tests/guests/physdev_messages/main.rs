//! Messages of devices are mapped by `PHYSDEVOP_map_pirq` to PIRQs, of which `PHYSDEVOP_get_free_pirq` reserves one:
//! `public/physdev.h`. What the machine has no device for is refused, and nothing stays taken. Lesson 33: the number of
//! messages is looked at.
#![no_std]
#![no_main]

use guests::control::physdev;
use guests::sdk::abi::physdev::{GetFreePirq, MapPirq, MapPirqType, PhysdevOp};
use guests::sdk::abi::{DomainId, Errno, MachineAddress};
use guests::{Answer, Check, ensure, granted, refused, unless_xen};

guests::rule!(check);

fn reserve(kind: MapPirqType) -> (Answer, u32) {
    let mut argument = GetFreePirq {
        kind: kind as i32,
        pirq: u32::MAX,
    };
    let answer = physdev(PhysdevOp::GetFreePirq, &mut argument);
    (answer, argument.pirq)
}

fn check() -> Check {
    let (answer, first) = reserve(MapPirqType::Msi);
    granted("get_free_pirq", answer)?;
    let (answer, second) = reserve(MapPirqType::Msi);
    granted("get_free_pirq", answer)?;
    ensure!(
        first != second && first >= 16,
        "{first} and {second} are free"
    );
    let (answer, _) = reserve(MapPirqType::Gsi);
    unless_xen!(
        answer.is(Errno::EINVAL),
        "a free number of a pin: {answer}; a pin has the one of its own"
    );

    // No device is at the last place of bus 200.
    let none = MapPirq {
        domid: DomainId::SELF,
        kind: MapPirqType::MsiSeg as i32,
        index: -1,
        pirq: -1,
        bus: 200,
        devfn: 0xff,
        entry_nr: 0,
        ..MapPirq::default()
    };
    let cases = [
        ("a message of no device", none),
        (
            "of a segment that there is not",
            MapPirq {
                bus: 200 | 77 << 16,
                ..none
            },
        ),
        (
            "of a table of no device",
            MapPirq {
                table_base: MachineAddress::new(0xfebf_0000),
                entry_nr: 3,
                ..none
            },
        ),
        (
            "33 messages of one",
            MapPirq {
                kind: MapPirqType::MultiMsi as i32,
                entry_nr: 33,
                ..none
            },
        ),
        (
            "no messages of one",
            MapPirq {
                kind: MapPirqType::MultiMsi as i32,
                entry_nr: 0,
                ..none
            },
        ),
        (
            "less than none",
            MapPirq {
                kind: MapPirqType::MultiMsi as i32,
                entry_nr: -1,
                ..none
            },
        ),
    ];
    let errnos = &[
        Errno::EINVAL,
        Errno::ENODEV,
        Errno::ENXIO,
        Errno::EDOM,
        Errno::EOPNOTSUPP,
    ];
    for (what, request) in cases {
        let mut request = request;
        refused(what, physdev(PhysdevOp::MapPirq, &mut request), errnos)?;
    }
    // What failed has taken nothing.
    let (answer, third) = reserve(MapPirqType::Msi);
    granted("get_free_pirq", answer)?;
    ensure!(third.abs_diff(second) < 8, "{second}, then {third}");
    Ok(())
}
