//! An operation that fails half way has done what it says, and nothing else: what it took for the part that succeeded is
//! given back, and what it did not take is not. `public/xen.h`, `public/grant_table.h`, `public/event_channel.h`; Lesson 40:
//! an error's way out undoes what was done, once. What a list had done before stays done, and is counted.
#![no_std]
#![no_main]

extern crate alloc;

use core::sync::atomic::Ordering;

use guests::control::NOBODY;
use guests::events::{NO_PORT, close, event, unbound};
use guests::grants::{ACCESS, Table, grant, map_grant, status, unmap_grant};
use guests::memory::{
    NOBODYS, extended, pin, readable, set, set_leaf, table, unpin, update, update_list,
};
use guests::page::{hole, map, page, remap};
use guests::reservation::{current, reservation, reservation_at};
use guests::sdk::SharedPage;
use guests::sdk::abi::event_channel::{
    AllocUnbound, BindInterdomain, BindIpi, BindPirq, BindVirq, EventChannelOp,
};
use guests::sdk::abi::grant_table::{
    CopyFlags, GrantCopy, GrantCopyPointer, GrantEntryFlags, GrantMapFlags, GrantOp, GrantStatus,
};
use guests::sdk::abi::memory::MemoryOp::{
    DecreaseReservation, IncreaseReservation, PopulatePhysmap,
};
use guests::sdk::abi::xen::MmuExtCommand;
use guests::sdk::abi::{DomainId, Errno, Hypercall, Mfn, Port, VcpuId};
use guests::sdk::memory::entry::{Access, Level, branch, leaf};
use guests::tables::read;
use guests::{Answer, Check, Verdict, address, ask, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

const WRONG: &[Errno] = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
/// More than there are handles of mappings, or ports.
const MANY: usize = 6000;

fn check() -> Check {
    grants()?;
    tables()?;
    descriptors()?;
    ports()?;
    reservations()
}

fn writable(place: &SharedPage, frame: Mfn) -> Answer {
    set_leaf(place.address(), leaf(frame, Access::ReadWrite), 2)
}

/// Mappings that have a grant and no place, copies that have one side.
fn grants() -> Check {
    let table = Table::new()?;
    let (place, frame) = page()?;
    table.set(30, ACCESS, frame);
    let used = || {
        let used = GrantEntryFlags::READING | GrantEntryFlags::WRITING;
        table.flags(30).intersects(used)
    };
    let nowhere = [0x10_0000_0000, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000];
    let both = GrantMapFlags::HOST_MAP | GrantMapFlags::DEVICE_MAP;
    for round in 0..MANY {
        let flags = [GrantMapFlags::HOST_MAP, both][round % 2];
        let mapped = map_grant(30, flags, nowhere[round % nowhere.len()]);
        ensure!(
            mapped.status < 0,
            "a mapping at no place: {}",
            mapped.status
        );
        ensure!(!used(), "the entry is busy with a mapping that failed");
        let (source, dest) = if round % 2 == 0 {
            (30, 9999)
        } else {
            (9999, 30)
        };
        let side = |reference: u64| GrantCopyPointer {
            page: reference,
            domid: DomainId::DOM0,
            ..GrantCopyPointer::default()
        };
        let mut copy = GrantCopy {
            source: side(source),
            dest: side(dest),
            len: 8,
            flags: CopyFlags::SOURCE_GREF | CopyFlags::DEST_GREF,
            ..GrantCopy::default()
        };
        granted("copy", grant(GrantOp::Copy, &mut copy))?;
        ensure!(copy.status < 0, "a copy with one side: {}", copy.status);
        ensure!(!used(), "the entry is busy with a copy that failed");
    }
    let hole = hole()?;
    let mapped = map_grant(30, GrantMapFlags::HOST_MAP, hole.address());
    status("a mapping", mapped.status, GrantStatus::Okay)?;
    ensure!(
        unmap_grant(mapped.handle, 0x10_0000_0000) < 0,
        "unmapped elsewhere"
    );
    ensure!(used(), "a failed unmap has given the grant back");
    let back = unmap_grant(mapped.handle, hole.address());
    status("its end", back, GrantStatus::Okay)?;
    ensure!(!used(), "the entry is busy after all");
    table.set(30, 0, frame);
    is_free("what was granted", place, frame)
}

/// Goes on if the domain can give the page back at once.
fn is_free(what: &str, place: &SharedPage, frame: Mfn) -> Check {
    let before = current()?;
    remap(place, 0)?;
    let answer = reservation(DecreaseReservation, &mut [frame.raw()], 0);
    equal(what, granted(what, answer)?, 1)?;
    equal(what, current()?, before - 1)
}

/// Tables of which a later entry is bad.
fn tables() -> Check {
    let (data_place, data) = page()?;
    let (bad_place, bad) = page()?;
    for index in 0..20 {
        let word = bad_place.u64(index * 8);
        word.store(leaf(data, Access::ReadWrite), Ordering::SeqCst);
    }
    let last = bad_place.u64(511 * 8);
    last.store(leaf(NOBODYS, Access::ReadOnly), Ordering::SeqCst);
    map(bad_place, bad, Access::ReadOnly)?;
    let (good_place, good) = readable()?;
    let (upper_place, upper) = page()?;
    for (index, frame) in [good, good, bad].into_iter().enumerate() {
        let word = upper_place.u64(index * 8);
        word.store(branch(frame), Ordering::SeqCst);
    }
    map(upper_place, upper, Access::ReadOnly)?;
    let (_, root_of_none) = table(Level::L2)?;
    granted("an entry", set(root_of_none, 0, branch(good)))?;
    for _ in 0..3 {
        refused("a bad table", pin(bad, Level::L1), WRONG)?;
        refused("one in a table", pin(upper, Level::L2), WRONG)?;
        let answer = set(root_of_none, 0, branch(bad));
        refused("one in place of a good one", answer, WRONG)?;
        equal("the good one", read(root_of_none, 0)? >> 12, good.raw())?;
    }
    refused("the good one, writable", writable(good_place, good), WRONG)?;
    let (_, l1) = table(Level::L1)?;
    let read_only = leaf(data, Access::ReadOnly);
    let answer = update_list(&[
        update(l1, 0, read_only),
        update(l1, 1, leaf(NOBODYS, Access::ReadOnly)),
        update(l1, 2, read_only),
    ]);
    refused("a list with a bad middle", answer, WRONG)?;
    let found = [0, 1, 2].map(|index| read(l1, index).map_or(0, |entry| entry >> 12));
    equal("its entries", found, [data.raw(), 0, 0])?;
    granted("the first goes", set(l1, 0, 0))?;
    granted("the good one goes", set(root_of_none, 0, 0))?;
    for (what, place, frame) in [
        ("the bad table", bad_place, bad),
        ("the upper one", upper_place, upper),
        ("the good one", good_place, good),
    ] {
        granted(what, writable(place, frame))?;
        is_free(what, place, frame)?;
    }
    // Its only writable mapping is the one that it came with.
    map(data_place, data, Access::ReadOnly)?;
    granted("the data as a table", pin(data, Level::L3))?;
    granted("and no more", unpin(data))?;
    is_free("the data", data_place, data)
}

/// Lists of pages of descriptors of which the second is bad.
fn descriptors() -> Check {
    let (first_place, first) = readable()?;
    let (loaded_place, loaded) = readable()?;
    let (_, data) = page()?;
    let set_gdt = |frames: [Mfn; 2], count: u64| {
        let list = frames.map(Mfn::raw);
        ask(Hypercall::SetGdt, [address(&list), count])
    };
    granted("descriptors", set_gdt([loaded, loaded], 512))?;
    for bad in [data, NOBODYS] {
        let answer = set_gdt([first, bad], 1024);
        refused("a bad second page", answer, WRONG)?;
        granted("the first one is data", writable(first_place, first))?;
        map(first_place, first, Access::ReadOnly)?;
        refused(
            "those that are loaded",
            writable(loaded_place, loaded),
            WRONG,
        )?;
    }
    granted("none", set_gdt([loaded, loaded], 0))?;
    granted("the loaded ones are data", writable(loaded_place, loaded))?;
    for (what, place, frame) in [
        ("the first", first_place, first),
        ("the loaded", loaded_place, loaded),
    ] {
        is_free(what, place, frame)?;
    }
    Ok(())
}

/// Ports that are not bound.
fn ports() -> Check {
    let first = unbound()?;
    granted("close", close(first))?;
    for _ in 0..MANY {
        let mut interdomain = BindInterdomain {
            remote_dom: DomainId::SELF,
            remote_port: NO_PORT,
            ..BindInterdomain::default()
        };
        let answer = event(EventChannelOp::BindInterdomain, &mut interdomain);
        refused("to no port", answer, &[Errno::EINVAL])?;
        interdomain.remote_dom = NOBODY;
        let answer = event(EventChannelOp::BindInterdomain, &mut interdomain);
        refused("to nobody", answer, &[Errno::ESRCH])?;
        let mut unbound = AllocUnbound {
            dom: DomainId::SELF,
            remote_dom: NOBODY,
            ..AllocUnbound::default()
        };
        let answer = event(EventChannelOp::AllocUnbound, &mut unbound);
        ensure!(
            answer.is(Errno::ESRCH) || answer.is_ok(),
            "for nobody: {answer}"
        );
        if answer.is_ok() {
            granted("close", close(unbound.port))?;
        }
        let nobody = VcpuId::new(999);
        let mut ipi = BindIpi {
            vcpu: nobody,
            ..BindIpi::default()
        };
        let answer = event(EventChannelOp::BindIpi, &mut ipi);
        refused("to no virtual CPU", answer, &[Errno::ENOENT, Errno::EINVAL])?;
        let mut virq = BindVirq {
            virq: 999,
            vcpu: VcpuId::new(0),
            ..BindVirq::default()
        };
        let answer = event(EventChannelOp::BindVirq, &mut virq);
        refused("no interrupt", answer, &[Errno::EINVAL])?;
        let mut pirq = BindPirq {
            pirq: 99_999,
            ..BindPirq::default()
        };
        let answer = event(EventChannelOp::BindPirq, &mut pirq);
        refused("no such line", answer, &[Errno::EINVAL])?;
    }
    equal("the first free port", unbound()?, first)?;
    granted("close", close(first))?;
    // One whose number can't be told.
    let (place, frame) = page()?;
    let request = AllocUnbound {
        dom: DomainId::SELF,
        remote_dom: DomainId::SELF,
        ..AllocUnbound::default()
    };
    let written = place.write(0, zerocopy::IntoBytes::as_bytes(&request));
    written.ok_or_else(|| Verdict::error("no room"))?;
    map(place, frame, Access::ReadOnly)?;
    let operation = EventChannelOp::AllocUnbound.number();
    let answer = ask(
        Hypercall::EventChannelOp,
        [operation.into(), place.address()],
    );
    refused("nowhere to tell", answer, &[Errno::EFAULT])?;
    let next = unbound()?;
    unless_xen!(
        next == first,
        "a port that the guest could not be told of stays open: nobody can use or close what nobody knows"
    );
    if next != first {
        granted("close", close(first))?;
    }
    granted("close", close(next))?;
    equal("it is free", unbound()?, Port::new(first.raw()))?;
    granted("close", close(first)).map(|_| ())
}

/// Lists of pages of which a later one is bad, or can't be told.
fn reservations() -> Check {
    let before = current()?;
    let mut places = alloc::vec::Vec::new();
    let mut list = [0, NOBODYS.raw(), 0];
    for index in [0, 2] {
        let (place, frame) = page()?;
        remap(place, 0)?;
        list[index] = frame.raw();
        places.push(place);
    }
    let answer = reservation(DecreaseReservation, &mut list, 0);
    equal("given back", granted("decrease", answer)?, 1)?;
    equal("pages", current()?, before - 1)?;
    map(places[1], Mfn::new(list[2]), Access::ReadWrite)?;

    // Where the new page's number can be read and not be written.
    let (place, frame) = page()?;
    map(place, frame, Access::ReadOnly)?;
    for operation in [IncreaseReservation, PopulatePhysmap] {
        let answer = reservation_at(operation, place.address(), 1, 0, DomainId::SELF);
        ensure!(
            answer.0 == 0 || answer.is(Errno::EFAULT),
            "{operation} that can't be told of: {answer}"
        );
        let now = current()?;
        unless_xen!(
            now == before - 1,
            "a page that the guest could not be told of stays its own: nobody can use what nobody knows"
        );
    }
    for bad in [NOBODYS, page()?.1] {
        for command in [MmuExtCommand::NewBaseptr, MmuExtCommand::NewUserBaseptr] {
            let answer = extended(command, bad.raw(), 0);
            refused(format_args!("{command} of no table"), answer, WRONG)?;
        }
    }
    Ok(())
}
