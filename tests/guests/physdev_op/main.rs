//! `physdev_op`: an operation that is none is `ENOSYS`, an argument that can't be read `EFAULT`, an interrupt
//! that is none is refused: `public/physdev.h`. The IOPL of a kernel is 0 to 3.
#![no_std]
#![no_main]

use guests::sdk::abi::physdev::{
    Eoi, IrqStatusQuery, MapPirq, MapPirqType, PhysdevOp, SetIopl, UnmapPirq,
};
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::{Answer, Check, address_mut, ask, ensure, granted, refused};

guests::rule!(check);

fn physdev<T>(operation: PhysdevOp, argument: &mut T) -> Answer {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    ask(Hypercall::PhysdevOp, arguments)
}

fn check() -> Check {
    for operation in [3, 99, u64::from(u32::MAX)] {
        let answer = ask(
            Hypercall::PhysdevOp,
            [operation, address_mut(&mut [0_u64; 8])],
        );
        refused("no operation", answer, &[Errno::ENOSYS])?;
    }
    for operation in [
        PhysdevOp::Eoi,
        PhysdevOp::IrqStatusQuery,
        PhysdevOp::MapPirq,
        PhysdevOp::SetIopl,
    ] {
        let answer = ask(Hypercall::PhysdevOp, [u64::from(operation.number()), 0x10]);
        refused(operation, answer, &[Errno::EFAULT])?;
    }
    for iopl in [4, 100, u32::MAX] {
        let answer = physdev(PhysdevOp::SetIopl, &mut SetIopl { iopl });
        refused("no IOPL", answer, &[Errno::EINVAL])?;
    }
    for iopl in [3, 1, 0] {
        granted(
            "an IOPL",
            physdev(PhysdevOp::SetIopl, &mut SetIopl { iopl }),
        )?;
    }
    for irq in [100_000, u32::MAX] {
        let eoi = physdev(PhysdevOp::Eoi, &mut Eoi { irq });
        refused("eoi of none", eoi, &[Errno::EINVAL])?;
        let mut query = IrqStatusQuery {
            irq,
            ..IrqStatusQuery::default()
        };
        refused(
            "status of none",
            physdev(PhysdevOp::IrqStatusQuery, &mut query),
            &[Errno::EINVAL],
        )?;
    }
    let mut map = MapPirq {
        domid: DomainId::SELF,
        kind: MapPirqType::Gsi as i32,
        index: 4000,
        pirq: -1,
        ..MapPirq::default()
    };
    refused(
        "a line that is none",
        physdev(PhysdevOp::MapPirq, &mut map),
        &[Errno::EINVAL],
    )?;
    map.kind = 99;
    refused(
        "a kind that is none",
        physdev(PhysdevOp::MapPirq, &mut map),
        &[Errno::EINVAL],
    )?;
    let mut unmap = UnmapPirq {
        domid: DomainId::SELF,
        pirq: 100_000,
        ..UnmapPirq::default()
    };
    let answer = physdev(PhysdevOp::UnmapPirq, &mut unmap);
    ensure!(!answer.is_ok(), "a PIRQ that is none was unmapped");
    Ok(())
}
