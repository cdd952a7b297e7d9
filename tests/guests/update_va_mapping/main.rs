//! `update_va_mapping` writes the leaf entry of an address and flushes what its flags say: after a flush the new page
//! is seen, of that address or of all: `public/xen.h`, `UVMF_*`. What has no leaf table, or is the hypervisor's, is
//! `EINVAL`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{NOBODYS, set_leaf};
use guests::page::page;
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::sdk::memory::entry::{Access, leaf};
use guests::{Check, ask, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (place, own) = page()?;
    let (other, frame) = page()?;
    place.u64(0).store(1, Ordering::SeqCst);
    other.u64(0).store(2, Ordering::SeqCst);
    // One page and all pages; of this virtual CPU and of all.
    for flags in [2, 1, 6, 5] {
        granted(
            "the other",
            set_leaf(place.address(), leaf(frame, Access::ReadWrite), flags),
        )?;
        equal(flags, place.u64(0).load(Ordering::SeqCst), 2)?;
        granted(
            "its own",
            set_leaf(place.address(), leaf(own, Access::ReadWrite), flags),
        )?;
        equal(flags, place.u64(0).load(Ordering::SeqCst), 1)?;
    }
    let value = leaf(own, Access::ReadWrite);
    let invalid = &[Errno::EINVAL, Errno::EPERM];
    for bad in [
        0,
        0x1234_5678_9000,
        0x8000_0000_0000_0000,
        0xffff_8000_0000_0000,
        0xffff_8300_0000_0000,
    ] {
        refused(bad, set_leaf(bad, value, 2), invalid)?;
    }
    let nobodys = leaf(NOBODYS, Access::ReadWrite);
    refused("nobody's", set_leaf(place.address(), nobodys, 2), invalid)?;
    equal("its own still", place.u64(0).load(Ordering::SeqCst), 1)?;
    let by_id = |id: u16| {
        let arguments = [place.address(), value, 2, u64::from(id)];
        ask(Hypercall::UpdateVaMappingOtherdomain, arguments)
    };
    granted("its own", by_id(DomainId::SELF.raw()))?;
    refused("of no domain", by_id(1234), &[Errno::ESRCH])
}
