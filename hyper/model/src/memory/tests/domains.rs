//! What domains own.

use ringwall_abi::Mfn;

use super::arena::{Arena, D0, D1};
use super::audit::Held;
use crate::memory::{DomainMemory, Error, Machine};

#[test]
fn a_domain_gets_no_more_than_its_limit() {
    let arena = Arena::new(16);
    arena.accounts(D0, |accounts| accounts.set_max_pages(3));
    let pages: [Mfn; 3] = arena.allocate_many(D0);
    assert_eq!(arena.try_allocate(D0), Err(Error::OverLimit));
    arena.reclaim(arena.memory().steal(pages[1], D0).unwrap());
    arena.allocate(D0);
    arena.accounts(D0, |accounts| accounts.set_max_pages(1));
    assert_eq!(
        arena.lock_accounts()[&D0].total_pages(),
        3,
        "what it has it keeps"
    );
    assert_eq!(arena.lock_accounts()[&D0].max_pages(), 1);
    arena.reclaim(arena.memory().steal(pages[0], D0).unwrap());
    assert_eq!(arena.try_allocate(D0), Err(Error::OverLimit));
    arena.audit(Held::default());
}

#[test]
fn a_large_block_is_many_frames() {
    let arena = Arena::new(64);
    let block = arena.buddy.lock().unwrap().allocate(&arena, 4, 64).unwrap();
    let clean = arena.memory().clean(block);
    let first = arena
        .accounts(D0, |accounts| {
            accounts
                .assign(&arena, clean, None)
                .map_err(|(error, _)| error)
        })
        .unwrap()
        .unwrap();
    assert_eq!(arena.lock_accounts()[&D0].total_pages(), 16);
    for offset in 0..16 {
        let mfn = first.checked_add(offset).unwrap();
        arena.reclaim(arena.memory().steal(mfn, D0).unwrap());
    }
    arena.audit_empty();
}

#[test]
fn frames_leave_the_accounts_from_any_place_of_the_list() {
    for order in [
        [0, 1, 2],
        [2, 1, 0],
        [1, 0, 2],
        [1, 2, 0],
        [0, 2, 1],
        [2, 0, 1],
    ] {
        let arena = Arena::new(8);
        let pages: [Mfn; 3] = arena.allocate_many(D0);
        for index in order {
            arena.reclaim(arena.memory().steal(pages[index], D0).unwrap());
            arena.audit(Held::default());
        }
        arena.audit_empty();
    }
}

#[test]
fn a_domain_that_is_none_has_no_end() {
    let arena = Arena::new(8);
    let nobody = ringwall_abi::DomainId::new(77);
    assert_eq!(arena.memory().relinquish(nobody), Err(Error::NotOwned));
}

#[test]
fn two_domains_that_map_each_other_both_end() {
    for first in [D0, D1] {
        let arena = Arena::new(16);
        let ours = arena.allocate(D0);
        let theirs = arena.allocate(D1);
        let held = [
            arena.memory().get_page(ours, D0).unwrap(),
            arena.memory().get_page(theirs, D1).unwrap(),
        ];
        let second = if first == D0 { D1 } else { D0 };
        for domain in [first, second] {
            arena.accounts(domain, DomainMemory::set_dying);
            arena.relinquish(domain);
        }
        for page in held {
            arena.memory().put_page(page);
        }
        arena.audit_empty();
    }
}
