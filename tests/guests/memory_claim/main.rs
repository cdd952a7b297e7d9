//! `XENMEM_claim_pages` sets memory aside for a domain, without saying which: what it lacks to have so many pages.
//! A domain has one claim, which shrinks with what it gets; 0 gives it up, and always succeeds. `EINVAL` for a list, an
//! order, flags, or as many pages as it has; `ENOMEM` for more than there is: `public/memory.h`. `XEN_SYSCTL_physinfo`
//! tells the sum of all claims, `XEN_DOMCTL_getdomaininfo` each one.
#![no_std]
#![no_main]

use guests::page::{page, remap};
use guests::reservation::{current, reservation};
use guests::sdk::abi::memory::MemoryOp::{ClaimPages, DecreaseReservation, IncreaseReservation};
use guests::sdk::abi::memory::{MemoryFlags, MemoryReservation};
use guests::sdk::abi::sysctl::{self, PhysInfo, SysctlOp, SysctlRequest};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall};
use guests::{
    Answer, Check, Verdict, address_mut, ask, ensure, equal, granted, refused, unless_xen,
};

guests::rule!(check);

fn claim_as(mut request: MemoryReservation) -> Answer {
    // Xen knows no other name of a domain here than its number.
    request.domid = DomainId::DOM0;
    let operation = u64::from(ClaimPages.number());
    ask(Hypercall::MemoryOp, [operation, address_mut(&mut request)])
}

fn claim(pages: u64) -> Answer {
    claim_as(MemoryReservation {
        nr_extents: pages,
        ..MemoryReservation::default()
    })
}

/// Pages that are free, and that are claimed.
fn machine() -> Result<(u64, u64), Verdict> {
    let mut request = SysctlRequest {
        cmd: SysctlOp::PhysInfo.number(),
        interface_version: sysctl::INTERFACE_VERSION,
        ..SysctlRequest::default()
    };
    granted(
        "physinfo",
        ask(Hypercall::Sysctl, [address_mut(&mut request)]),
    )?;
    let word = |offset: usize| request.body.get(offset / 8).copied().unwrap_or(0);
    Ok((
        word(core::mem::offset_of!(PhysInfo, free_pages)),
        word(core::mem::offset_of!(PhysInfo, outstanding_pages)),
    ))
}

fn check() -> Check {
    const MORE: u64 = 5;
    granted("nothing", claim(0))?;
    // A domain that has all that it may have can claim no more: make room.
    let mut given = [0_u64; 16];
    for frame in &mut given {
        let (place, own) = page()?;
        remap(place, 0)?;
        *frame = own.raw();
    }
    let count = granted("decrease", reservation(DecreaseReservation, &mut given, 0))?;
    equal("given back", count, given.len() as u64)?;
    let pages = current()?;
    let (free, claimed) = machine()?;
    equal("claimed by nobody", claimed, 0)?;
    let invalid = &[Errno::EINVAL];
    refused("what it has", claim(pages), invalid)?;
    let good = MemoryReservation {
        nr_extents: pages + MORE,
        ..MemoryReservation::default()
    };
    for (what, bad) in [
        (
            "a list",
            MemoryReservation {
                extent_start: GuestAddress::new(0x1000),
                ..good
            },
        ),
        (
            "an order",
            MemoryReservation {
                extent_order: 1,
                ..good
            },
        ),
        (
            "flags",
            MemoryReservation {
                mem_flags: MemoryFlags::from_bits_retain(1),
                ..good
            },
        ),
    ] {
        refused(what, claim_as(bad), invalid)?;
    }
    refused(
        "more than there is",
        claim(pages + free + 1),
        &[Errno::ENOMEM, Errno::EINVAL],
    )?;
    granted("a claim", claim(pages + MORE))?;
    equal("claimed", machine()?, (free, MORE))?;
    refused("a second claim", claim(pages + MORE + 1), invalid)?;
    let mut some = [0_u64; 2];
    equal(
        "taken",
        granted("increase", reservation(IncreaseReservation, &mut some, 0))?,
        2,
    )?;
    equal("claimed, after two", machine()?, (free - 2, MORE - 2))?;
    granted("decrease", reservation(DecreaseReservation, &mut some, 0))?;
    unless_xen!(
        machine()? == (free, MORE - 2),
        "what a domain gives back is claimed for it again, which public/memory.h does not say"
    );
    let mut rest = [0_u64; 8];
    granted("increase", reservation(IncreaseReservation, &mut rest, 0))?;
    equal("claimed, after all", machine()?.1, 0)?;
    granted("decrease", reservation(DecreaseReservation, &mut rest, 0))?;
    granted("a claim", claim(pages + MORE))?;
    granted("none", claim(0))?;
    granted("none again", claim(0))?;
    equal("claimed by nobody", machine()?, (free, 0))?;
    ensure!(current()? == pages, "pages went astray");
    Ok(())
}
