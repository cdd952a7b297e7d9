//! A domain that was destroyed while another one has a page of it mapped is there until that is unmapped, and gets nothing any
//! more: no memory, no ports, no mappings, no state, and no other domain gets its number. `public/domctl.h`,
//! `XEN_DOMINF_dying`. Lesson 24: nothing that is allocated for it outlives its end, and its end may be asked for again.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::control::{domctl_of, sysctl};
use guests::domain::{Domain, blueprint};
use guests::events::event;
use guests::memory::pin;
use guests::page::{page, remap};
use guests::reservation::reservation_at;
use guests::sdk::abi::domctl::{DomainFlags, DomctlOp, GetDomainInfo, MaxMem, MaxVcpus};
use guests::sdk::abi::event_channel::{AllocUnbound, BindInterdomain, EventChannelOp};
use guests::sdk::abi::memory::{MemoryExchange, MemoryOp, MemoryReservation};
use guests::sdk::abi::sysctl::{AvailHeap, SysctlOp};
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall};
use guests::sdk::memory::entry::Level;
use guests::{Check, Verdict, address, address_mut, ask, code, ensure, equal, granted, unless_xen};

guests::rule!(check);

fn free() -> Result<u64, Verdict> {
    let mut heap = AvailHeap {
        node: -1,
        ..AvailHeap::default()
    };
    granted("availheap", sysctl(SysctlOp::AvailHeap, &mut heap))?;
    Ok(heap.avail_bytes / 4096)
}

fn check() -> Check {
    // What a domain takes for the first time may be kept for the next one.
    drop(Domain::with_code(1, &code!("pause"))?);
    let at_first = free()?;
    let code = code!("2: pause", "jmp 2b");
    let domain = Domain::with_code(1, &code)?;
    let context = domain.context()?;
    let (window, _) = page()?;
    let (other, _) = page()?;
    let [.., text, data] = *domain.frames() else {
        return Err(Verdict::error("no pages"));
    };
    let root = domain.frames()[0];
    domain.map(window, data)?;
    window.u64(8).store(77, Ordering::SeqCst);
    granted("destroy", domain.destroy())?;
    let held = free()?;
    for round in 0..3 {
        let info = domain.info()?;
        ensure!(
            info.flags.contains(DomainFlags::DYING),
            "it is {:?}",
            info.flags
        );
        let pages = info.tot_pages;
        nothing_more(&domain)?;
        ensure!(
            domain.map(other, text).is_err() && domain.map(other, root).is_err(),
            "a page that it has given up is mapped"
        );
        let answer = domain.set_context(0, &context);
        ensure!(!answer.is_ok(), "a state: {answer}");
        let answer = pin(root, Level::L4);
        ensure!(!answer.is_ok(), "a pin of what is nobody's: {answer}");
        let operation = MmuextOp::new(MmuExtCommand::PinL4Table, data.raw(), 0);
        let arguments = [address(&operation), 1, 0, domain.id().raw().into()];
        let answer = ask(Hypercall::MmuextOp, arguments);
        ensure!(!answer.is_ok(), "a pin of what lingers: {answer}");
        equal("its pages", domain.info()?.tot_pages, pages)?;
        let now = free()?;
        ensure!(now >= held, "{now} pages are free, of {held}");
        // It is dead already, so there is nothing to do, or nobody to do it to.
        let answer = domain.destroy();
        ensure!(
            answer.0 == 0 || answer.is_one_of(&[Errno::ESRCH, Errno::EINVAL]),
            "destroy, {round}: {answer}"
        );
    }
    equal("its page", window.u64(8).load(Ordering::SeqCst), 77)?;
    remap(window, 0)?;
    let mut info = GetDomainInfo::default();
    let answer = domain.control(DomctlOp::GetDomainInfo, &mut info);
    ensure!(
        answer.is(Errno::ESRCH) || info.domain != domain.id(),
        "it stays when nobody has its page"
    );
    let now = free()?;
    unless_xen!(
        now >= at_first,
        "{now} pages are free, of {at_first}: Xen frees what it had for a domain some time later"
    );
    Ok(())
}

/// Asks for all that a domain can be given.
fn nothing_more(domain: &Domain) -> Check {
    let mut list = [9_u64, 10];
    let place = address_mut(&mut list);
    for operation in [MemoryOp::PopulatePhysmap, MemoryOp::IncreaseReservation] {
        let answer = reservation_at(operation, place, 2, 0, domain.id());
        // No extent is done, or there is nobody to do it for.
        ensure!(answer.0 <= 0, "{operation}: {answer}");
    }
    let side = |list: &mut [u64; 2]| MemoryReservation {
        extent_start: GuestAddress::new(address_mut(list)),
        nr_extents: 1,
        domid: domain.id(),
        ..MemoryReservation::default()
    };
    let mut give = [domain.frames()[0].raw(), 0];
    let mut argument = MemoryExchange {
        input: side(&mut give),
        output: side(&mut list),
        nr_exchanged: 0,
    };
    let exchange = u64::from(MemoryOp::Exchange.number());
    let answer = ask(Hypercall::MemoryOp, [exchange, address_mut(&mut argument)]);
    ensure!(!answer.is_ok(), "an exchange: {answer}");
    // These may be taken, and change nothing.
    let _ = domain.control(DomctlOp::MaxMem, &mut MaxMem { max_memkb: 4096 });
    let _ = domain.control(DomctlOp::MaxVcpus, &mut MaxVcpus { max: 1 });
    let answer = domain.unpause();
    ensure!(
        answer.0 == 0 || answer.is_one_of(&[Errno::ESRCH, Errno::EINVAL]),
        "unpause: {answer}"
    );
    let mut unbound = AllocUnbound {
        dom: domain.id(),
        remote_dom: DomainId::DOM0,
        ..AllocUnbound::default()
    };
    let answer = event(EventChannelOp::AllocUnbound, &mut unbound);
    ensure!(!answer.is_ok(), "a port: {answer}");
    let mut bind = BindInterdomain {
        remote_dom: domain.id(),
        ..BindInterdomain::default()
    };
    let answer = event(EventChannelOp::BindInterdomain, &mut bind);
    ensure!(!answer.is_ok(), "a peer: {answer}");
    let (answer, _) = domctl_of(DomctlOp::CreateDomain, domain.id(), &mut blueprint(1));
    ensure!(!answer.is_ok(), "another one with its number: {answer}");
    Ok(())
}
