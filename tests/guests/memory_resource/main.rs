//! `XENMEM_acquire_resource` names the frames of a domain's grant table, which a toolstack then maps; without a list, how many
//! there may be: `public/memory.h`. Frames past the end, an `id` or a kind that there is not are refused, and so is a list
//! that can't be written. Lesson 33: a list is as long as it says.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::control::NOBODY;
use guests::domain::Domain;
use guests::page::{page, remap};
use guests::sdk::abi::memory::{AcquireResource, MemoryOp, ResourceType};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn};
use guests::sdk::hypercall::{acquire_resource, resource_size};
use guests::{Check, address_mut, ask, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let domain = Domain::new(1)?;
    let grants = ResourceType::GrantTable;
    equal("how many frames", resource_size(domain.id(), grants, 0)?, 4)?;
    let mut frames = [Mfn::new(0); 3];
    acquire_resource(domain.id(), grants, 0, 0, &mut frames[..2])?;
    let [first, second, third] = core::hint::black_box(frames);
    ensure!(
        first != second && first.raw() != 0 && second.raw() != 0 && third.raw() == 0,
        "the frames are {frames:?}"
    );
    let mut again = [Mfn::new(0)];
    acquire_resource(domain.id(), grants, 0, 1, &mut again)?;
    equal("the second one", core::hint::black_box(again)[0], second)?;
    // A toolstack grants what it likes there, before the domain runs.
    let (window, _) = page()?;
    domain.map(window, first)?;
    equal("a new table", window.u64(0).load(Ordering::SeqCst), 0)?;
    window.u64(0).store(0x1234_0000_0001, Ordering::SeqCst);
    remap(window, 0)?;

    let invalid = &[Errno::EINVAL, Errno::EOPNOTSUPP];
    for (what, answer) in [
        (
            "past the end",
            acquire_resource(domain.id(), grants, 0, 4, &mut again),
        ),
        (
            "far past it",
            acquire_resource(domain.id(), grants, 0, u64::MAX, &mut again),
        ),
        (
            "at its end",
            acquire_resource(domain.id(), grants, 0, 3, &mut frames[..2]),
        ),
        (
            "status frames, of version 2",
            acquire_resource(domain.id(), grants, 1, 0, &mut again),
        ),
        (
            "no such id",
            acquire_resource(domain.id(), grants, 77, 0, &mut again),
        ),
        (
            "an ioreq server",
            acquire_resource(domain.id(), ResourceType::IoreqServer, 0, 0, &mut again),
        ),
    ] {
        refused(what, answer.into(), invalid)?;
    }
    let nobody = acquire_resource(NOBODY, grants, 0, 0, &mut again);
    refused("nobody's", nobody.into(), &[Errno::ESRCH])?;
    let raw = |request: &mut AcquireResource| {
        let operation = u64::from(MemoryOp::AcquireResource.number());
        ask(Hypercall::MemoryOp, [operation, address_mut(request)])
    };
    let good = AcquireResource {
        domid: domain.id(),
        kind: grants.number(),
        nr_frames: 1,
        frame_list: GuestAddress::new(address_mut(&mut again)),
        ..AcquireResource::default()
    };
    granted("one frame", raw(&mut good.clone()))?;
    let mut odd = AcquireResource { _pad: 1, ..good };
    refused("a field that must be 0", raw(&mut odd), &[Errno::EINVAL])?;
    let mut odd = AcquireResource { kind: 99, ..good };
    refused("no kind", raw(&mut odd), invalid)?;
    let mut odd = AcquireResource {
        frame_list: GuestAddress::new(0x10),
        ..good
    };
    refused("no list", raw(&mut odd), &[Errno::EFAULT])?;
    let mut odd = AcquireResource {
        frame_list: GuestAddress::new(0),
        ..good
    };
    refused("frames without a list", raw(&mut odd), &[Errno::EINVAL])?;
    ensure!(domain.id() != DomainId::DOM0, "it is dom0");
    Ok(())
}
