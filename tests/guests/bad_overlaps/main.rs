//! Arguments may lie in memory that the operation itself changes: a list in the page that it unmaps, a reply over the
//! list, a copy over its own request. `public/xen.h`, `public/grant_table.h`, `public/memory.h`. Lesson 37: each argument
//! is read once, so whichever of its values is used is used throughout; what can't be told any more is `EFAULT`, and
//! what was done is done once.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, Table, map_grant, status, unmap_grant};
use guests::memory::{extended, readable, set_leaf, table, update};
use guests::page::{hole, map, page, remap};
use guests::reservation::{current, reservation_at};
use guests::sdk::SharedPage;
use guests::sdk::abi::grant_table::{
    GrantCopy, GrantCopyPointer, GrantEntryFlags, GrantMapFlags, GrantOp, GrantStatus, MapGrantRef,
    UnmapGrantRef,
};
use guests::sdk::abi::memory::{MemoryExchange, MemoryOp, MemoryReservation};
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::xen::{MmuExtCommand, MmuUpdate, MmuextOp, MulticallEntry};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn};
use guests::sdk::memory::entry::{Access, Level, leaf, target};
use guests::tables::{entry_address, read};
use guests::{Answer, Check, Verdict, address_mut, ask, ensure, equal, granted, refused};
use zerocopy::{Immutable, IntoBytes};

guests::rule!(check);

const OWN: u64 = 0x7ff0;
const VERSION: u64 = 4 << 16 | 17;

fn check() -> Check {
    updates()?;
    whole_pages()?;
    calls()?;
    copies()?;
    mappings()?;
    reservations()?;
    descriptors()?;
    replies_into_tables()
}

/// Writes structures into a page.
fn put<T: IntoBytes + Immutable>(place: &SharedPage, offset: usize, value: &T) -> Check {
    let written = place.write(offset, value.as_bytes());
    written.ok_or_else(|| Verdict::error("no room in the page"))
}

/// Updates whose list is in the page that they unmap, whose count is where they forbid it or over the list.
fn updates() -> Check {
    let (place, frame) = page()?;
    let (_, l1) = table(Level::L1)?;
    let (_, data) = page()?;
    let own = entry_address(place.address())?;
    let good = leaf(data, Access::ReadOnly);
    let write = |value| MmuUpdate {
        ptr: own.raw(),
        val: value,
    };
    let list = [write(0), update(l1, 0, good)];
    put(place, 0, &list)?;
    let mut done = 7_u32;
    let answer = ask(
        Hypercall::MmuUpdate,
        [place.address(), 2, address_mut(&mut done), OWN],
    );
    ensure!(
        answer.0 == 0 && done == 2 || answer.is(Errno::EFAULT) && done == 1,
        "a list that unmaps itself: {answer}, {done} done"
    );
    let second = target(read(l1, 0)?);
    equal("its second entry", second, (done == 2).then_some(data))?;
    remap(place, leaf(frame, Access::ReadWrite))?;

    put(place, 0, &[write(leaf(frame, Access::ReadOnly))])?;
    let count_at = place.address() + 2048;
    let answer = ask(Hypercall::MmuUpdate, [place.address(), 1, count_at, OWN]);
    ensure!(
        answer.0 == 0 || answer.is(Errno::EFAULT),
        "a count where it may not be written any more: {answer}"
    );
    let writable = set_leaf(place.address(), leaf(frame, Access::ReadWrite), 2);
    granted("writable again", writable)?;

    put(place, 0, &[update(l1, 1, good), update(l1, 2, good)])?;
    let answer = ask(
        Hypercall::MmuUpdate,
        [place.address(), 2, place.address() + 16, OWN],
    );
    granted("a count over the list", answer)?;
    equal("the count", place.u32(16).load(Ordering::SeqCst), 2)?;
    for index in [1, 2] {
        equal("an entry", target(read(l1, index)?), Some(data))?;
    }
    Ok(())
}

/// Operations that clear the page of their own list, or copy over it.
fn whole_pages() -> Check {
    let (place, frame) = page()?;
    let (other, source) = page()?;
    other.u64(0).store(99, Ordering::SeqCst);
    let flush = MmuextOp::new(MmuExtCommand::TlbFlushLocal, 0, 0);
    for (first, left) in [
        (MmuextOp::new(MmuExtCommand::ClearPage, frame.raw(), 0), 0),
        (
            MmuextOp::new(MmuExtCommand::CopyPage, frame.raw(), source.raw()),
            99,
        ),
    ] {
        put(place, 0, &[first, flush])?;
        let mut done = 7_u32;
        let answer = ask(
            Hypercall::MmuextOp,
            [place.address(), 2, address_mut(&mut done), OWN],
        );
        // The second one is what it was, or what is there now, which is none.
        ensure!(
            answer.0 == 0 && done == 2 || !answer.is_ok() && done == 1,
            "a list that overwrites itself: {answer}, {done} done"
        );
        equal("the page", place.u64(0).load(Ordering::SeqCst), left)?;
    }
    Ok(())
}

fn call(number: Hypercall, arguments: &[u64]) -> MulticallEntry {
    let mut entry = MulticallEntry {
        op: number.number().into(),
        result: 0x5555,
        ..MulticallEntry::default()
    };
    entry.args[..arguments.len()].copy_from_slice(arguments);
    entry
}

/// Calls that reply over the next one, and that unmap their own list.
fn calls() -> Check {
    const SIZE: usize = size_of::<MulticallEntry>();
    let (place, frame) = page()?;
    let version = call(
        Hypercall::XenVersion,
        &[VersionOp::Version.number().into(), 0],
    );
    let over = call(
        Hypercall::XenVersion,
        &[
            VersionOp::ExtraVersion.number().into(),
            place.address() + SIZE as u64,
        ],
    );
    let result = |index: usize| {
        let word = place.u64(index * SIZE + 8).load(Ordering::SeqCst);
        Answer(word.cast_signed())
    };
    put(place, 0, &[over, version, version])?;
    let answer = ask(Hypercall::Multicall, [place.address(), 3]);
    granted("replies over the next call", answer)?;
    equal("the first result", result(0), Answer(0))?;
    ensure!(
        result(1).0.cast_unsigned() == VERSION || result(1).is(Errno::ENOSYS),
        "what was overwritten: {}",
        result(1)
    );
    equal("the last result", result(2).0.cast_unsigned(), VERSION)?;

    let unmap = call(Hypercall::UpdateVaMapping, &[place.address(), 0, 2]);
    put(place, 0, &[unmap, version])?;
    let answer = ask(Hypercall::Multicall, [place.address(), 2]);
    remap(place, leaf(frame, Access::ReadWrite))?;
    refused("calls that unmap themselves", answer, &[Errno::EFAULT])?;
    equal("what was not called", result(1), Answer(0x5555))
}

/// Copies over their own requests.
fn copies() -> Check {
    let (place, frame) = page()?;
    let (source, source_frame) = page()?;
    for word in 0..512 {
        source.u64(word * 8).store(!0, Ordering::SeqCst);
    }
    let side = |page: Mfn| GrantCopyPointer {
        page: page.raw(),
        domid: DomainId::SELF,
        ..GrantCopyPointer::default()
    };
    let copy = GrantCopy {
        source: side(source_frame),
        dest: side(frame),
        len: 4096,
        status: 77,
        ..GrantCopy::default()
    };
    put(place, 0, &[copy, copy])?;
    let operation = u64::from(GrantOp::Copy.number());
    let answer = ask(Hypercall::GrantTableOp, [operation, place.address(), 2]);
    granted("copies over themselves", answer)?;
    let state = |index: usize| place.u16(index * size_of::<GrantCopy>() + 36);
    // Each has its status after what it copied; the second one is what it was, or what is there now.
    let second = state(1).load(Ordering::SeqCst).cast_signed();
    if second == GrantStatus::Okay.number() {
        // It has copied over the status of the first one.
        equal("the first", state(0).load(Ordering::SeqCst), u16::MAX)?;
    } else {
        let first = state(0).load(Ordering::SeqCst).cast_signed();
        status("the first", first, GrantStatus::Okay)?;
        ensure!(second < 0, "the second: status {second}");
    }
    let behind = place.u64(2048).load(Ordering::SeqCst);
    equal("what was copied behind them", behind, !0)
}

/// Grants mapped over their requests, and unmapped by requests that lie in them.
fn mappings() -> Check {
    let table = Table::new()?;
    let (_, granted_frame) = page()?;
    table.set(30, ACCESS, granted_frame);
    let used = || {
        table
            .flags(30)
            .intersects(GrantEntryFlags::READING | GrantEntryFlags::WRITING)
    };
    let (place, frame) = page()?;
    let (view, _) = page()?;
    let (granted_view, _) = page()?;
    map(view, frame, Access::ReadOnly)?;
    map(granted_view, granted_frame, Access::ReadWrite)?;
    let request = MapGrantRef {
        host_addr: place.address(),
        flags: GrantMapFlags::HOST_MAP,
        reference: 30,
        dom: DomainId::DOM0,
        status: 77,
        handle: u32::MAX,
        ..MapGrantRef::default()
    };
    put(place, 0, &request)?;
    put(granted_view, 0, &request)?;
    let operation = u64::from(GrantOp::MapGrantRef.number());
    let _ = ask(Hypercall::GrantTableOp, [operation, place.address(), 1]);
    // The reply is in the page that was there, or in the one that is.
    let reply = [view, granted_view]
        .into_iter()
        .map(|page| {
            (
                page.u16(18).load(Ordering::SeqCst),
                page.u32(20).load(Ordering::SeqCst),
            )
        })
        .find(|reply| reply.0 != 77);
    let (state, handle) = reply.ok_or_else(|| Verdict::failure("a mapping has no reply"))?;
    equal("it is in use as its status says", used(), state == 0)?;
    if state == 0 {
        let back = unmap_grant(handle, place.address());
        status("unmap", back, GrantStatus::Okay)?;
    }
    ensure!(!used(), "the entry is busy after its mapping is gone");
    remap(place, leaf(frame, Access::ReadWrite))?;

    let hole = hole()?;
    let mapped = map_grant(30, GrantMapFlags::HOST_MAP, hole.address());
    status("map", mapped.status, GrantStatus::Okay)?;
    let request = UnmapGrantRef {
        host_addr: hole.address(),
        handle: mapped.handle,
        ..UnmapGrantRef::default()
    };
    put(hole, 0, &request)?;
    let operation = u64::from(GrantOp::UnmapGrantRef.number());
    let answer = ask(Hypercall::GrantTableOp, [operation, hole.address(), 1]);
    ensure!(
        answer.0 == 0 || answer.is(Errno::EFAULT),
        "an unmap whose request goes with it: {answer}"
    );
    ensure!(!used(), "it was not unmapped");
    let again = unmap_grant(mapped.handle, hole.address());
    ensure!(again < 0, "it was unmapped twice: status {again}");
    Ok(())
}

fn side(list: u64) -> MemoryReservation {
    MemoryReservation {
        extent_start: GuestAddress::new(list),
        nr_extents: 1,
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    }
}

/// Lists in the pages that are given back, and lists that are both sides of an exchange.
fn reservations() -> Check {
    let before = current()?;
    let (place, frame) = page()?;
    place.u64(0).store(frame.raw(), Ordering::SeqCst);
    place.u64(8).store(5, Ordering::SeqCst);
    let mut argument = MemoryExchange {
        input: side(place.address()),
        output: side(place.address() + 8),
        nr_exchanged: 0,
    };
    let exchange = u64::from(MemoryOp::Exchange.number());
    let answer = ask(Hypercall::MemoryOp, [exchange, address_mut(&mut argument)]);
    let errnos = &[Errno::EINVAL, Errno::EBUSY];
    refused("the list's page, exchanged", answer, errnos)?;
    let words = [0, 8].map(|offset| place.u64(offset).load(Ordering::SeqCst));
    equal("the lists", words, [frame.raw(), 5])?;

    let decrease = MemoryOp::DecreaseReservation;
    let answer = reservation_at(decrease, place.address(), 1, 0, DomainId::SELF);
    let given = granted("the list's page, given back", answer)?;
    remap(place, 0)?;
    // It goes at once, once it is unmapped, or not at all: as the answer says.
    equal("pages", current()?, before - given)?;

    let (place, frame) = page()?;
    remap(place, 0)?;
    let mut list = [frame.raw()];
    let mut argument = MemoryExchange {
        input: side(address_mut(&mut list)),
        output: side(address_mut(&mut list)),
        nr_exchanged: 0,
    };
    let answer = ask(Hypercall::MemoryOp, [exchange, address_mut(&mut argument)]);
    granted("one list for both sides", answer)?;
    map(place, Mfn::new(list[0]), Access::ReadWrite)?;
    place.u64(0).store(1, Ordering::SeqCst);
    equal("pages", current()?, before - given)
}

/// A list of frames that is the page of descriptors which it names.
fn descriptors() -> Check {
    let (place, frame) = page()?;
    // As a descriptor it is one that is not there.
    place.u64(0).store(frame.raw(), Ordering::SeqCst);
    map(place, frame, Access::ReadOnly)?;
    let answer = ask(Hypercall::SetGdt, [place.address(), 512]);
    granted("descriptors that name themselves", answer)?;
    let writable = || set_leaf(place.address(), leaf(frame, Access::ReadWrite), 2);
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    refused("and are written", writable(), errnos)?;
    granted("none", ask(Hypercall::SetGdt, [place.address(), 0]))?;
    granted("and are data", writable()).map(|_| ())
}

/// Replies at addresses where page tables are.
fn replies_into_tables() -> Check {
    let (place, l1) = table(Level::L1)?;
    let (shadow, _) = readable()?;
    for target in [place, shadow] {
        for operation in [VersionOp::ExtraVersion, VersionOp::GetFeatures] {
            let arguments = [operation.number().into(), target.address()];
            let answer = ask(Hypercall::XenVersion, arguments);
            refused(operation, answer, &[Errno::EFAULT])?;
        }
        let runstate = VcpuOp::GetRunstateInfo.number();
        let arguments = [runstate.into(), 0, target.address()];
        let answer = ask(Hypercall::VcpuOp, arguments);
        refused("a runstate", answer, &[Errno::EFAULT])?;
        // This one is written later too, when nobody asks.
        let area = target.address();
        let register = VcpuOp::RegisterRunstateMemoryArea.number();
        let arguments = [register.into(), 0, guests::address(&area)];
        let _ = ask(Hypercall::VcpuOp, arguments);
        guests::sdk::time::sleep_ns(2_000_000);
        let none = 0_u64;
        let arguments = [register.into(), 0, guests::address(&none)];
        let _ = ask(Hypercall::VcpuOp, arguments);
        for word in 0..512 {
            let found = target.u64(word * 8).load(Ordering::SeqCst);
            equal(format_args!("word {word}"), found, 0)?;
        }
    }
    granted("a flush", extended(MmuExtCommand::TlbFlushLocal, 0, 0))?;
    equal("an entry", read(l1, 0)?, 0)
}
