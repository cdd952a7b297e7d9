//! The rules under real threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use ringwall_abi::Mfn;

use super::arena::{Arena, D0, D1, RO, RW};
use super::audit::Held;
use crate::memory::{
    Entry, EntryIndex, Error, Flags, Keep, Kind, Level, Machine, Reach, Stale, Unfinished,
};

const THREADS: u64 = 4;
const ROUNDS: usize = 1000;

/// Numbers below a bound, by SplitMix64.
fn random(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(mixed ^ mixed >> 31).unwrap() % below
    }
}

#[test]
fn counts_balance_when_many_cpus_work_on_the_same_frames() {
    let arena = Arena::new(24);
    let first = arena.hierarchy(D0);
    let second = arena.hierarchy(D0);
    let plain: [Mfn; 6] = arena.allocate_many(D0);
    let theirs: [Mfn; 2] = arena.allocate_many(D1);
    let frames: Vec<Mfn> = [&first[..], &second, &plain, &theirs].concat();
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let (arena, frames) = (&arena, &frames);
            scope.spawn(move || work(arena, frames, random(seed)));
        }
    });
    arena.audit(Held::default());
    for domain in [D0, D1] {
        arena.relinquish(domain);
    }
    arena.audit_empty();
}

/// One CPU's random work. What was interrupted is sometimes forgotten.
fn work(arena: &Arena, frames: &[Mfn], mut random: impl FnMut(usize) -> usize) {
    let memory = arena.memory();
    let mut unfinished = Unfinished::new();
    for _ in 0..ROUNDS {
        let mut any = || frames[random(frames.len())];
        let (mfn, target) = (any(), any());
        let index = EntryIndex::new([0, 0, 1, 300, 511][random(5)]).unwrap();
        let level = [Level::L1, Level::L1, Level::L2, Level::L3, Level::L4][random(5)];
        let flags = [RW, RW, RO, Flags::empty(), RW | Flags::GLOBAL][random(5)];
        let entry = Entry::map(target, flags);
        let _: Result<(), Error> = match random(9) {
            0 => memory.pin(mfn, level, D0, &mut unfinished),
            1 => memory.unpin(mfn, D0, &mut unfinished),
            2 => memory.get_writable(mfn, D0).map(|page| {
                assert_eq!(arena.usage(mfn).0, Kind::Writable, "{mfn:?} is held");
                arena.swap_entry(mfn, index, entry);
                memory.put_writable(page, Stale::Now);
            }),
            3 => memory.get_page(mfn, D0).map(|page| memory.put_page(page)),
            4 => {
                arena.set_preempt(random(usize::MAX) as u64);
                Ok(())
            }
            5 => memory
                .get_table(mfn, level, D0, &mut unfinished)
                .map(|table| {
                    assert_eq!(arena.usage(mfn).0, Kind::from(level), "{mfn:?} is held");
                    memory.put_table(table, Stale::Now, &mut unfinished);
                }),
            _ => memory.hold_any_table(mfn, D0).map(|table| {
                let outcome = if table.level() == Level::L1 {
                    let source = if random(8) == 0 { D1 } else { D0 };
                    let keep = Keep::AccessedDirty;
                    memory.update_l1_entry(&table, index, entry, keep, source, Reach::Anywhere)
                } else {
                    let keep = Keep::Nothing;
                    memory.update_upper_entry(&table, index, entry, keep, &mut unfinished)
                };
                let _ = outcome;
                memory.let_go(table);
            }),
        };
        // There is room for one, and this thread may be about to forget it.
        if random(4) != 0 {
            while memory.finish(&mut unfinished).is_err() {}
        }
    }
}

#[test]
fn a_frame_is_never_writable_and_a_table_at_once() {
    let arena = Arena::new(8);
    let page = arena.allocate(D0);
    let (writers, tables) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let Ok(held) = arena.memory().get_writable(page, D0) else {
                        continue;
                    };
                    writers.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(tables.load(Ordering::SeqCst), 0);
                    writers.fetch_sub(1, Ordering::SeqCst);
                    arena.memory().put_writable(held, Stale::Now);
                }
            });
            scope.spawn(|| {
                let mut unfinished = Unfinished::new();
                for _ in 0..ROUNDS {
                    let memory = arena.memory();
                    let table = memory.get_table(page, Level::L1, D0, &mut unfinished);
                    let Ok(table) = table else { continue };
                    tables.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(writers.load(Ordering::SeqCst), 0);
                    tables.fetch_sub(1, Ordering::SeqCst);
                    memory.put_table(table, Stale::Now, &mut unfinished);
                }
            });
        }
    });
    arena.audit(Held::default());
}

#[test]
fn xsa_287_a_frame_that_is_stolen_is_referred_to_by_nobody() {
    let arena = Arena::new(4);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for mfn in (1..4).map(Mfn::new) {
                        let Ok(page) = arena.memory().get_page(mfn, D0) else {
                            continue;
                        };
                        assert_eq!(arena.books(mfn).owner(), D0, "while it is held");
                        arena.memory().put_page(page);
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            let mfn = arena.allocate(if round % 2 == 0 { D0 } else { D1 });
            loop {
                match arena.memory().steal(mfn, arena.books(mfn).owner()) {
                    Ok(block) => break arena.reclaim(block),
                    Err(error) => assert_eq!(error, Error::InUse),
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    arena.audit_empty();
}

#[test]
fn frames_are_freed_once_whoever_drops_the_last_reference() {
    let arena = Arena::new(8);
    for _ in 0..ROUNDS / 10 {
        let page = arena.allocate(D0);
        let held: Vec<_> = (0..THREADS)
            .map(|_| arena.memory().get_page(page, D0).unwrap())
            .collect();
        thread::scope(|scope| {
            for page in held {
                scope.spawn(|| arena.memory().put_page(page));
            }
            scope.spawn(|| arena.relinquish(D0));
        });
        arena.relinquish(D0);
        arena.audit_empty();
    }
}
