//! `XENMEM_set_memory_map` gives a domain the map that `XENMEM_memory_map` tells it: `public/memory.h`. It has a bound; nobody
//! has none. `XENMEM_maximum_gpfn` is what the domain says of itself in its shared page, whatever that is: Lesson 18.
#![no_std]
#![no_main]

extern crate alloc;

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use guests::control::NOBODY;
use guests::domain::Domain;
use guests::sdk::abi::arch_x86::ArchSharedInfo;
use guests::sdk::abi::memory::{E820Entry, ForeignMemoryMap, MemoryMap, MemoryOp};
use guests::sdk::abi::xen::SharedInfo;
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall};
use guests::sdk::hypercall::{maximum_gpfn, memory_map, set_memory_map};
use guests::sdk::start;
use guests::{Check, Verdict, address_mut, ask, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let entry = |address, size, kind| E820Entry {
        address,
        size,
        kind,
    };
    let map = [entry(0, 0x1000_0000, 1), entry(0x2000_0000, 0x1000, 2)];
    granted(
        "dom0's own map",
        set_memory_map(DomainId::SELF, &map).into(),
    )?;
    let mut read = [entry(7, 7, 7); 3];
    equal("its entries", memory_map(&mut read)?, 2)?;
    equal("its map", &read[..2], &map[..])?;
    equal("behind it", read[2], entry(7, 7, 7))?;
    let domain = Domain::new(1)?;
    granted("another's map", set_memory_map(domain.id(), &map).into())?;
    let nobody = set_memory_map(NOBODY, &map);
    refused("nobody's map", nobody.into(), &[Errno::ESRCH])?;
    let long = alloc::vec![entry(0, 0x1000, 1); 5000];
    let answer = set_memory_map(domain.id(), &long);
    refused("5000 entries", answer.into(), &[Errno::EINVAL])?;
    let mut nowhere = ForeignMemoryMap {
        domid: domain.id(),
        map: MemoryMap {
            nr_entries: 2,
            buffer: GuestAddress::new(0x10),
            ..MemoryMap::default()
        },
        ..ForeignMemoryMap::default()
    };
    let operation = u64::from(MemoryOp::SetMemoryMap.number());
    let answer = ask(Hypercall::MemoryOp, [operation, address_mut(&mut nowhere)]);
    refused("a map at no address", answer, &[Errno::EFAULT])?;

    let page = start::shared_info().ok_or_else(|| Verdict::error("no shared page"))?;
    let highest = page.u64(SharedInfo::ARCH + offset_of!(ArchSharedInfo, max_pfn));
    let before = highest.load(Ordering::SeqCst);
    highest.store(0x1234, Ordering::SeqCst);
    equal("the highest frame", maximum_gpfn(DomainId::SELF)?, 0x1233)?;
    // What it says of itself may be anything.
    highest.store(u64::MAX, Ordering::SeqCst);
    let _ = maximum_gpfn(DomainId::SELF);
    highest.store(before, Ordering::SeqCst);
    refused("nobody's", maximum_gpfn(NOBODY).into(), &[Errno::ESRCH])
}
