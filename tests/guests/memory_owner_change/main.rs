//! What a page was used as ends when its owner does: `public/memory.h`. Lesson 14: a type means nothing without its owner. What
//! was a page table or a page of descriptors, of this domain or of another, is given back as any page is, and whoever
//! gets it next has a page of zeroes that is nothing yet. What is one still is not given back and not exchanged,
//! nor is what it would have been exchanged together with.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use guests::domain::Domain;
use guests::memory::{LEVELS, pin, set, set_leaf, table, unpin};
use guests::page::{map, page, remap};
use guests::reservation::{current, reservation};
use guests::sdk::SharedPage;
use guests::sdk::abi::memory::MemoryOp::{DecreaseReservation, IncreaseReservation};
use guests::sdk::abi::memory::{MemoryExchange, MemoryReservation};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn};
use guests::sdk::hypercall::memory_exchange;
use guests::sdk::memory::entry::{Access, Level, branch, leaf};
use guests::sdk::trap::probe;
use guests::{Answer, Check, Verdict, address, address_mut, ask, code, ensure, equal};
use guests::{granted, refused, unless_xen};

guests::rule!(check);

/// Pages of each former use.
const EACH: usize = 8;
const WRONG: &[Errno] = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
/// Words that were not 0 in pages that were just got.
static TRACES: AtomicUsize = AtomicUsize::new(0);
const SECRET: u64 = 0x5ec4_e75e_c4e7_5ec4;

fn check() -> Check {
    own_pages()?;
    pages_of_another()?;
    in_use()
}

/// Pages that this domain had as tables, descriptors and data.
fn own_pages() -> Check {
    let before = current()?;
    let (_, data) = page()?;
    let (window, _) = page()?;
    let mut places = Vec::new();
    let mut frames = Vec::new();
    for index in 0..EACH * 6 {
        let (place, frame) = page()?;
        for word in 0..512 {
            // As an entry of any level it is none, and as a descriptor not there.
            place.u64(word * 8).store(0, Ordering::SeqCst);
        }
        place.u64(0).store(
            match index % 6 {
                0 => leaf(data, Access::ReadWrite),
                5 => SECRET,
                _ => 0,
            },
            Ordering::SeqCst,
        );
        map(place, frame, Access::ReadOnly)?;
        match index % 6 {
            kind @ 0..4 => {
                granted("pin", pin(frame, LEVELS[kind]))?;
                granted("unpin", unpin(frame))?;
            }
            4 => {
                granted("set_gdt", set_gdt(&[frame], 512))?;
                granted("no descriptors", set_gdt(&[], 0))?;
            }
            _ => {}
        }
        // What a TLB has of it, it may keep: it goes without a flush.
        map(place, frame, Access::ReadWrite)?;
        let _ = place.u64(8).load(Ordering::SeqCst);
        granted("unmap", set_leaf(place.address(), 0, 0))?;
        places.push(place);
        frames.push(frame);
    }
    let mut list: Vec<u64> = frames.iter().map(|frame| frame.raw()).collect();
    let count = list.len() as u64;
    let given = granted("decrease", reservation(DecreaseReservation, &mut list, 0))?;
    equal("given back", given, count)?;
    equal("pages", current()?, before - count)?;
    let (_, l2) = table(Level::L2)?;
    for frame in &frames {
        let answer = set_leaf(window.address(), leaf(*frame, Access::ReadOnly), 2);
        refused("what is nobody's, mapped", answer, WRONG)?;
        refused("as a table", set(l2, 0, branch(*frame)), WRONG)?;
        refused("pinned", pin(*frame, Level::L1), WRONG)?;
    }
    // Nothing that the tables referred to is held by them.
    let answer = set_leaf(window.address(), leaf(data, Access::ReadOnly), 2);
    granted("the data, to be read", answer)?;
    let fresh = take(count)?;
    equal("pages", current()?, before)?;
    for (index, frame) in fresh.iter().enumerate() {
        is_fresh("what was given back", window, *frame, index)?;
        map(window, *frame, Access::ReadWrite)?;
        window.u64(8).store(SECRET, Ordering::SeqCst);
        map(window, *frame, Access::ReadOnly)?;
    }
    // Where they were mapped before, nothing is, whatever a TLB has kept.
    for place in places {
        let found = probe::read(place.address() + 8);
        ensure!(found.is_err(), "an old translation: {found:x?}");
    }
    Ok(())
}

/// Pages that were another domain's tables.
fn pages_of_another() -> Check {
    let (window, _) = page()?;
    let mut room = Vec::new();
    for _ in 0..64 {
        let (place, frame) = page()?;
        remap(place, 0)?;
        room.push(frame.raw());
    }
    let count = room.len() as u64;
    let given = granted("decrease", reservation(DecreaseReservation, &mut room, 0))?;
    equal("given back", given, count)?;
    let code = code!("2: pause", "jmp 2b");
    let domain = Domain::with_code(1, &code)?;
    let theirs = domain.frames().to_vec();
    granted("destroy", domain.destroy())?;
    for (index, frame) in take(count)?.into_iter().enumerate() {
        let what = if theirs.contains(&frame) {
            "what was another domain's"
        } else {
            "a page"
        };
        is_fresh(what, window, frame, index)?;
    }
    Ok(())
}

/// Pages that are something still.
fn in_use() -> Check {
    let before = current()?;
    let (other_place, other) = page()?;
    other_place.u64(0).store(SECRET, Ordering::SeqCst);
    remap(other_place, 0)?;
    let (pinned_place, pinned) = table(Level::L1)?;
    let (linked_place, linked) = guests::memory::readable()?;
    let (_, l2) = table(Level::L2)?;
    granted("link", set(l2, 0, branch(linked)))?;
    let (descriptors_place, descriptors) = guests::memory::readable()?;
    granted("set_gdt", set_gdt(&[descriptors], 512))?;
    let kinds = [
        ("a pinned table", pinned_place, pinned),
        ("a table in a table", linked_place, linked),
        ("descriptors in use", descriptors_place, descriptors),
    ];
    for (what, place, frame) in kinds {
        remap(place, 0)?;
        // Together with one that is free, for two in one.
        for give in [[other, frame], [frame, other]] {
            let mut list = give.map(Mfn::raw);
            let answer = exchange(&mut list, 1);
            refused(format_args!("{what}, exchanged"), answer, WRONG)?;
            map(other_place, other, Access::ReadWrite)?;
            let word = other_place.u64(0).load(Ordering::SeqCst);
            equal("what it would have gone with", word, SECRET)?;
            remap(other_place, 0)?;
        }
        let answer = set_leaf(place.address(), leaf(frame, Access::ReadWrite), 2);
        refused(format_args!("{what}, writable"), answer, WRONG)?;
        equal("pages", current()?, before)?;
    }
    granted(
        "an entry of it",
        set(pinned, 0, leaf(other, Access::ReadOnly)),
    )?;
    granted("and none", set(pinned, 0, 0))?;
    granted("unpin", unpin(pinned))?;
    granted("unlink", set(l2, 0, 0))?;
    granted("no descriptors", set_gdt(&[], 0))?;
    for (what, place, frame) in kinds {
        let mut list = [frame.raw()];
        let answer = exchange(&mut list, 0);
        granted(format_args!("{what} no more, exchanged"), answer)?;
        let answer = set_leaf(place.address(), leaf(frame, Access::ReadOnly), 2);
        ensure!(
            list[0] == frame.raw() || !answer.is_ok(),
            "{what} is still ours after it was exchanged"
        );
        is_fresh("what was exchanged", place, Mfn::new(list[0]), 0)?;
    }
    equal("pages", current()?, before)
}

/// Goes on if a page that was just got has zeroes, can be written, and then be a table of any level.
fn is_fresh(what: &str, window: &SharedPage, frame: Mfn, index: usize) -> Check {
    map(window, frame, Access::ReadWrite)?;
    let words = (0..512).filter(|word| window.u64(word * 8).load(Ordering::SeqCst) != 0);
    let traces = words.count();
    // Whichever page it was: it is told once.
    if TRACES.fetch_add(traces, Ordering::SeqCst) == 0 {
        unless_xen!(
            traces == 0,
            "{what} has {traces} words that are not 0: Xen leaves it to a domain that lives on to clear what \
             it gives back, and a page has the traces of its last owner then"
        );
    }
    for word in 0..512 {
        window.u64(word * 8).store(0, Ordering::SeqCst);
    }
    remap(window, 0)?;
    let level = LEVELS[index % LEVELS.len()];
    granted(format_args!("a fresh page as {level:?}"), pin(frame, level))?;
    granted("unpin", unpin(frame))?;
    Ok(())
}

/// As many pages as were given back.
fn take(count: u64) -> Result<Vec<Mfn>, Verdict> {
    let mut list: Vec<u64> = (0..count).collect();
    let taken = granted("increase", reservation(IncreaseReservation, &mut list, 0))?;
    equal("taken", taken, count)?;
    Ok(list.into_iter().map(Mfn::new).collect())
}

/// Exchanges single pages for extents of this order; the list has the new ones then.
fn exchange(list: &mut [u64], order: u32) -> Answer {
    let mut out: Vec<u64> = (0..list.len() as u64 >> order).collect();
    let side = |list: &mut [u64], extent_order| MemoryReservation {
        extent_start: GuestAddress::new(address_mut(list)),
        nr_extents: list.len() as u64,
        extent_order,
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    };
    let mut argument = MemoryExchange {
        input: side(list, 0),
        output: side(&mut out, order),
        nr_exchanged: 0,
    };
    #[expect(unsafe_code, reason = "gives frames back")]
    // SAFETY: the frames are mapped nowhere, and the lists are as long as they say.
    let answer: Answer = unsafe { memory_exchange(&mut argument) }.into();
    if answer.is_ok() {
        list[..out.len()].copy_from_slice(&out);
    }
    answer
}

fn set_gdt(frames: &[Mfn], entries: u64) -> Answer {
    let mut list = [0_u64; 16];
    for (place, frame) in list.iter_mut().zip(frames) {
        *place = frame.raw();
    }
    ask(Hypercall::SetGdt, [address(&list), entries])
}
