//! What `memory_op` says of the machine and the domain: `XENMEM_maximum_ram_page`, `_current_reservation`,
//! `_maximum_reservation`, `_memory_map`, `_machine_memory_map`: `public/memory.h`. An operation that is none is `ENOSYS`,
//! a domain that is none `ESRCH`.
#![no_std]
#![no_main]

use guests::reservation::current;
use guests::sdk::abi::memory::{E820Entry, MemoryDomain, MemoryMap, MemoryOp};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall};
use guests::{Answer, Check, address_mut, ask, ensure, granted, refused};

guests::rule!(check);

fn memory<T>(operation: MemoryOp, argument: &mut T) -> Answer {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    ask(Hypercall::MemoryOp, arguments)
}

fn check() -> Check {
    let highest = granted(
        "maximum_ram_page",
        memory(MemoryOp::MaximumRamPage, &mut 0_u64),
    )?;
    ensure!(highest > 0, "the machine has no RAM");
    let pages = current()?;
    ensure!(
        pages > 1000 && pages <= highest,
        "{pages} pages of {highest}"
    );
    let mut domain = MemoryDomain {
        domid: DomainId::SELF,
    };
    let maximum = memory(MemoryOp::MaximumReservation, &mut domain);
    ensure!(
        maximum.0 < 0 || maximum.0.cast_unsigned() >= pages,
        "at most {maximum}"
    );
    let mut nobody = MemoryDomain {
        domid: DomainId::new(1234),
    };
    for operation in [
        MemoryOp::CurrentReservation,
        MemoryOp::MaximumReservation,
        MemoryOp::MaximumGpfn,
    ] {
        let answer = memory(operation, &mut nobody);
        refused(
            format_args!("{operation} of nobody"),
            answer,
            &[Errno::ESRCH],
        )?;
    }
    let mut entries = [E820Entry::default(); 128];
    for operation in [MemoryOp::MachineMemoryMap, MemoryOp::MemoryMap] {
        let mut map = MemoryMap {
            nr_entries: 128,
            buffer: GuestAddress::new(address_mut(&mut entries)),
            ..MemoryMap::default()
        };
        let answer = memory(operation, &mut map);
        if operation == MemoryOp::MemoryMap && answer.is(Errno::ENOSYS) {
            continue;
        }
        granted(operation, answer)?;
        ensure!(
            (1..=128).contains(&map.nr_entries),
            "{} entries",
            map.nr_entries
        );
    }
    for operation in [8, 29, 50, 63] {
        let answer = ask(Hypercall::MemoryOp, [operation, address_mut(&mut entries)]);
        refused(operation, answer, &[Errno::ENOSYS])?;
    }
    for operation in [
        MemoryOp::CurrentReservation,
        MemoryOp::Exchange,
        MemoryOp::MachineMemoryMap,
    ] {
        let answer = ask(Hypercall::MemoryOp, [u64::from(operation.number()), 0x10]);
        refused(operation, answer, &[Errno::EFAULT])?;
    }
    Ok(())
}
