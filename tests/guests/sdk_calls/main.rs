//! The SDK's typed calls ask what their names say, and pass the answer on: what the raw operation says in the rules of each,
//! the call says too. Headers of `public/`; here are those that no other rule uses.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::NOBODYS;
use guests::page::page;
use guests::sdk::abi::vcpu::{Runstate, SingleshotFlags};
use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, VcpuId};
use guests::sdk::hypercall::{
    current_reservation, event_alloc_unbound, event_bind_interdomain, event_bind_ipi,
    event_bind_vcpu, event_close, event_reset, event_send, event_status, event_unmask,
    extra_version, grant_get_version, grant_query_size, grant_set_version, grant_unmap_and_replace,
    increase_reservation, maximum_reservation, multicall, multicall_entry, multicall_result,
    ringwall, vcpu_register_info, vcpu_register_runstate, vcpu_register_time,
    vcpu_set_periodic_timer, vcpu_set_singleshot_timer, vcpu_stop_periodic_timer,
    vcpu_stop_singleshot_timer,
};
use guests::sdk::time::monotonic_ns;
use guests::{Answer, Check, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

const OWN: VcpuId = VcpuId::new(0);

fn check() -> Check {
    ensure!(
        extra_version()?.contains(&0),
        "the version's text has no end"
    );
    let pages = current_reservation(DomainId::SELF)?;
    let most = maximum_reservation(DomainId::SELF)?;
    ensure!(most >= pages, "{pages} pages, at most {most}");
    equal("no extents", increase_reservation(&mut [])?, 0)?;
    let arguments = [u64::from(VersionOp::Version.number()), 0];
    let mut list = [
        multicall_entry(Hypercall::XenVersion, arguments),
        multicall_entry(Hypercall::XenVersion, [62, 0]),
    ];
    #[expect(unsafe_code, reason = "the list's calls lend nothing")]
    // SAFETY: neither call writes.
    unsafe { multicall(&mut list) }?;
    equal("the first", multicall_result(&list[0])?, 4 << 16 | 17)?;
    let second = multicall_result(&list[1]);
    refused("the second", second.into(), &[Errno::ENOSYS])?;
    let garbage = ringwall(&[0xff; 8], &mut [0; 8]).map(|_| ());
    let errnos = &[Errno::EINVAL, Errno::ENOSYS, Errno::EOPNOTSUPP];
    refused("a message that is none", garbage.into(), errnos)?;
    grants()?;
    timers()?;
    areas()?;
    events()
}

fn grants() -> Check {
    equal("the version", grant_get_version(DomainId::SELF)?, 1)?;
    equal("set to what it is", grant_set_version(1)?, 1)?;
    let none = grant_set_version(7);
    refused("version 7", none.into(), &[Errno::EINVAL])?;
    let size = grant_query_size(DomainId::SELF)?;
    ensure!(
        size.status == 0 && size.max_nr_frames >= size.nr_frames,
        "{size:?}"
    );
    #[expect(unsafe_code, reason = "the list is empty")]
    // SAFETY: nothing is unmapped.
    unsafe { grant_unmap_and_replace(&mut []) }?;
    Ok(())
}

fn timers() -> Check {
    let late = vcpu_set_singleshot_timer(OWN, 1, SingleshotFlags::FUTURE);
    let late = Answer::from(late);
    unless_xen!(
        late.is(Errno::ETIME),
        "a deadline in the past: {late}; timer_singleshot has more"
    );
    let deadline = monotonic_ns() + 1_000_000_000;
    vcpu_set_singleshot_timer(OWN, deadline, SingleshotFlags::empty())?;
    vcpu_stop_singleshot_timer(OWN)?;
    let short = vcpu_set_periodic_timer(OWN, 1000);
    refused("a period of 1 us", short.into(), &[Errno::EINVAL])?;
    vcpu_set_periodic_timer(OWN, 10_000_000)?;
    vcpu_stop_periodic_timer(OWN)?;
    Ok(())
}

fn areas() -> Check {
    let (area, frame) = page()?;
    #[expect(unsafe_code, reason = "registers places")]
    // SAFETY: the page is never given back, and reached by atomics alone; the last frame is nobody's.
    let refusals = unsafe {
        vcpu_register_runstate(OWN, GuestAddress::new(area.address()))?;
        vcpu_register_time(OWN, GuestAddress::new(area.address() + 2048))?;
        [
            vcpu_register_info(OWN, frame, 4095),
            vcpu_register_info(OWN, NOBODYS, 0),
        ]
    };
    for refusal in refusals {
        let errnos = &[Errno::EINVAL, Errno::ENXIO];
        refused("a place that is none", refusal.into(), errnos)?;
    }
    let state = area.u32(0).load(Ordering::SeqCst);
    equal("the area's state", state, Runstate::Running as u32)
}

fn events() -> Check {
    let own = event_alloc_unbound(DomainId::SELF, DomainId::SELF)?;
    // By its number: some hypervisors take no DOMID_SELF here.
    let bound = event_bind_interdomain(DomainId::DOM0, own);
    granted("bind_interdomain", bound.into())?;
    let port = event_bind_ipi(OWN)?;
    let status = event_status(DomainId::SELF, port)?;
    ensure!(status.port_status().is_some(), "the status is {status:?}");
    guests::events::set_masked(port, true);
    event_send(port)?;
    event_unmask(port)?;
    let stays = event_bind_vcpu(port, OWN);
    refused("an IPI moves", stays.into(), &[Errno::EINVAL])?;
    event_close(port)?;
    refused("twice", event_close(port).into(), &[Errno::EINVAL])?;
    // The console's own port, and all others.
    event_reset(DomainId::SELF)?;
    refused("after a reset", event_send(own).into(), &[Errno::EINVAL])
}
