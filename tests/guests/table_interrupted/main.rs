//! A pin, an unpin and an update that take long are interrupted, so that timers come in between, and go on: `public/xen.h`,
//! `MMUEXT_PIN_L4_TABLE`. Lesson 5: what is half a table meanwhile is nobody's, neither as data nor as a table of another
//! level, and its entries can't be written; who needs it as what it is becoming finishes it. Afterwards each
//! reference was given back, and once: the pages can be data, other tables, and given back. Lesson 6: so too where
//! the very last entry is refused.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use guests::memory::{NOBODYS, extended, pin, set, set_leaf, table, unpin};
use guests::reservation::current;
use guests::sdk::abi::xen::{MmuExtCommand, Virq};
use guests::sdk::abi::{Errno, Mfn, VcpuId};
use guests::sdk::event::Channel;
use guests::sdk::hypercall::set_timer;
use guests::sdk::memory::entry::{Access, Level, branch, leaf};
use guests::sdk::sync::Lock;
use guests::sdk::time::monotonic_ns;
use guests::sdk::trap::probe;
use guests::tree::{Table, Tree};
use guests::{Answer, Check, Verdict, ensure, equal, granted, refused};

guests::rule!(check);

/// Tables of level 2: half a million entries.
const SECONDS: usize = 2;
/// How soon the next timer comes.
const PERIOD_NS: u64 = 200_000;
/// How often a pin is interrupted at least.
const LEAST: u32 = 4;
const WRONG: &[Errno] = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];

/// What is done in the middle of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Middle {
    /// Nothing.
    Nothing,
    /// All that must be refused.
    Misuse,
    /// Its table of level 3 is put into this root.
    Link(Mfn),
    /// It is made the root of user code, and is not any more.
    Load,
    /// It is pinned.
    Pin,
}

/// What is done in the middle; `None` while nothing goes on.
static MIDDLE: Lock<Option<Middle>> = Lock::new(None);
/// How often it was interrupted.
static TIMES: AtomicU32 = AtomicU32::new(0);
/// Pins that were granted in the middle.
static PINNED: AtomicU32 = AtomicU32::new(0);
/// What came of what was done in the middle.
static FOUND: Lock<Check> = Lock::new(Ok(()));

fn check() -> Check {
    let before = current()?;
    let tree = Tree::new(SECONDS)?;
    let (root, third) = (tree.root(), tree.third());
    let (_, other) = table(Level::L4)?;
    let timer = Channel::virq(Virq::Timer, VcpuId::new(0))?;
    timer.listen(move |_| on_timer(root, third))?;

    let pin_root = || pin(root.frame, Level::L4);
    let unpin_root = || all_of(unpin(root.frame));

    done("a pin", Middle::Misuse, pin_root)?;
    done("an unpin", Middle::Nothing, unpin_root)?;
    tree.is_free()?;

    done("a pin of what is linked", Middle::Link(other), pin_root)?;
    granted("unpin what another root has", unpin(root.frame))?;
    let writable = leaf(third.frame, Access::ReadWrite);
    let answer = set_leaf(third.place.address(), writable, 2);
    refused("what another root has, as data", answer, WRONG)?;
    done("an unlink", Middle::Nothing, || all_of(set(other, 1, 0)))?;
    tree.is_free()?;

    done("a pin of what is loaded", Middle::Load, pin_root)?;
    refused("a second pin", pin_root(), WRONG)?;
    done("an unpin of what is pinned", Middle::Pin, unpin_root)?;
    match PINNED.load(Ordering::SeqCst) {
        // It was over before anything else could be done.
        0 => refused("unpin what is not pinned", unpin_root(), WRONG)?,
        // Two pins were granted, and one was taken back.
        1 => granted("unpin what was pinned again", unpin_root()).map(|_| ())?,
        pins => equal("pins in the middle", pins, 1)?,
    }
    tree.is_free()?;

    let good = tree.set_last_entry(leaf(NOBODYS, Access::ReadOnly))?;
    for round in 0..2 {
        let answer = during(Middle::Nothing, || all_of(pin_root()))?;
        refused(format_args!("a bad end, {round}"), answer, WRONG)?;
        is_often()?;
        tree.is_free()?;
    }
    tree.set_last_entry(good)?;
    done("a pin at last", Middle::Nothing, pin_root)?;
    is_often()?;
    done("an unpin at last", Middle::Nothing, unpin_root)?;
    drop(timer);
    tree.changes_levels()?;
    equal("the domain's pages", current()?, before)?;
    tree.give_back()
}

/// Makes a long operation that is granted. What is done in its middle is done only if it has one.
fn done(what: &str, middle: Middle, act: impl FnOnce() -> Answer) -> Check {
    granted(what, during(middle, act)?)?;
    match middle {
        Middle::Misuse | Middle::Link(_) | Middle::Load => is_often(),
        // A hypervisor may finish what it takes down before the guest runs again.
        Middle::Nothing | Middle::Pin => Ok(()),
    }
}

/// Makes a long operation; timers come all the while.
fn during(middle: Middle, act: impl FnOnce() -> Answer) -> Result<Answer, Verdict> {
    TIMES.store(0, Ordering::SeqCst);
    *MIDDLE.lock() = Some(middle);
    set_timer(monotonic_ns() + PERIOD_NS)?;
    let answer = act();
    *MIDDLE.lock() = None;
    core::mem::replace(&mut *FOUND.lock(), Ok(()))?;
    Ok(answer)
}

/// Goes on if the last operation was interrupted, and not just once.
fn is_often() -> Check {
    let times = TIMES.load(Ordering::SeqCst);
    ensure!(times >= LEAST, "it was interrupted {times} times");
    Ok(())
}

/// An operation's answer. What it has left undone a hypervisor does with the next one at the latest.
fn all_of(answer: Answer) -> Answer {
    match extended(MmuExtCommand::TlbFlushLocal, 0, 0) {
        flush if flush.is_ok() => answer,
        flush => flush,
    }
}

fn on_timer(root: Table, third: Table) {
    let Some(middle) = *MIDDLE.lock() else {
        return;
    };
    if !is_half(third) {
        // The operation has not begun yet, or is over.
        let _ = set_timer(monotonic_ns() + PERIOD_NS);
        return;
    }
    let times = TIMES.fetch_add(1, Ordering::SeqCst);
    let found = meddle(middle, times, root, third);
    let mut first = FOUND.lock();
    if first.is_ok() {
        *first = found;
    }
    drop(first);
    let _ = set_timer(monotonic_ns() + PERIOD_NS);
}

/// Whether it is neither data nor a table, whose last entry is none and can be that again.
fn is_half(table: Table) -> bool {
    let place = table.place.address();
    if set_leaf(place, leaf(table.frame, Access::ReadWrite), 2).is_ok() {
        let _ = set_leaf(place, leaf(table.frame, Access::ReadOnly), 2);
        return false;
    }
    !set(table.frame, 511, 0).is_ok()
}

fn meddle(middle: Middle, times: u32, root: Table, third: Table) -> Check {
    let once = times == LEAST - 1;
    match middle {
        Middle::Misuse => misuse(if times.is_multiple_of(2) { root } else { third }),
        Middle::Link(other) if once => {
            granted("into another root", set(other, 1, branch(third.frame))).map(|_| ())
        }
        Middle::Load if once => {
            let load = |frame: u64| extended(MmuExtCommand::NewUserBaseptr, frame, 0);
            granted("half a table as the user's root", load(root.frame.raw()))?;
            granted("no user's root", load(0)).map(|_| ())
        }
        Middle::Pin => {
            // It is refused after the first that is not.
            if pin(root.frame, Level::L4).is_ok() {
                PINNED.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Tries what half a table is no good for.
fn misuse(table: Table) -> Check {
    let what = |what| alloc::format!("half a table, {:?}: {what}", table.level);
    let writable = leaf(table.frame, Access::ReadWrite);
    let answer = set_leaf(table.place.address(), writable, 2);
    refused(what("as data"), answer, WRONG)?;
    refused(what("its entry 0"), set(table.frame, 0, 0), WRONG)?;
    refused(what("as level 2"), pin(table.frame, Level::L2), WRONG)?;
    let entry = table.place.u64(0).load(Ordering::SeqCst);
    // SAFETY: nothing but tables is there.
    #[expect(unsafe_code, reason = "writes")]
    let written = unsafe { probe::write(table.place.address(), 0) };
    ensure!(written.is_err(), "{}", what("written as memory"));
    let now = table.place.u64(0).load(Ordering::SeqCst);
    equal(what("its entry 0"), now, entry)
}

extern crate alloc;
