//! Pauses of a domain are counted, and one that is not paused can't be unpaused: `public/domctl.h`. What would pause, end,
//! or resume the caller itself is `EINVAL`. A domain that is destroyed is gone, with its pages, though it never ran.
#![no_std]
#![no_main]

use guests::control::{domctl_bare, sysctl};
use guests::domain::Domain;
use guests::sdk::abi::domctl::{DomainFlags, DomctlOp};
use guests::sdk::abi::event_channel::AllocUnbound;
use guests::sdk::abi::sysctl::{AvailHeap, SysctlOp};
use guests::sdk::abi::{DomainId, Errno};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn free() -> Result<u64, guests::Verdict> {
    let mut heap = AvailHeap {
        node: -1,
        ..AvailHeap::default()
    };
    granted("availheap", sysctl(SysctlOp::AvailHeap, &mut heap))?;
    Ok(heap.avail_bytes)
}

fn check() -> Check {
    for operation in [
        DomctlOp::DestroyDomain,
        DomctlOp::PauseDomain,
        DomctlOp::ResumeDomain,
        DomctlOp::MaxVcpus,
    ] {
        let answer = domctl_bare(operation, DomainId::DOM0);
        refused(
            format_args!("{operation} of the caller"),
            answer,
            &[Errno::EINVAL],
        )?;
    }
    let mut domain = Domain::new(1)?;
    domain.populate(100)?;
    equal("its pages", domain.info()?.tot_pages, 100)?;
    let paused = |domain: &Domain| {
        Ok::<_, guests::Verdict>(domain.info()?.flags.contains(DomainFlags::PAUSED))
    };
    ensure!(paused(&domain)?, "a new domain is not paused");
    granted("pause", domctl_bare(DomctlOp::PauseDomain, domain.id()))?;
    granted("unpause", domain.unpause())?;
    ensure!(paused(&domain)?, "one pause of two is undone");
    granted("unpause", domain.unpause())?;
    ensure!(
        !paused(&domain)?,
        "both pauses are undone, and it is paused"
    );
    refused("unpause", domain.unpause(), &[Errno::EINVAL])?;

    let before = free()?;
    granted("destroy", domain.destroy())?;
    refused("destroy of what is gone", domain.destroy(), &[Errno::ESRCH])?;
    let pages = (free()? - before) / 4096;
    ensure!(pages >= 100, "{pages} pages came back");
    let none = guests::events::event(
        guests::sdk::abi::event_channel::EventChannelOp::AllocUnbound,
        &mut AllocUnbound {
            dom: domain.id(),
            remote_dom: DomainId::DOM0,
            ..AllocUnbound::default()
        },
    );
    refused("a port of what is gone", none, &[Errno::ESRCH])
}
