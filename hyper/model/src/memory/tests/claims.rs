//! Claims.

use proptest::prelude::*;
use ringwall_abi::Errno;

use super::arena::{Arena, D0};
use crate::memory::{Claim, ClaimError, DomainMemory, Error, Machine};

#[test]
fn what_is_claimed_is_kept_for_the_domain_alone() {
    let arena = Arena::new(101);
    let mut buddy = arena.buddy.lock().unwrap();
    let mut claim = Claim::NONE;
    assert_eq!(buddy.claim(&mut claim, 60), Ok(()));
    assert_eq!((buddy.free_frames(), buddy.claimed_frames()), (100, 60));
    // 40 are anybody's.
    let others: Vec<_> = std::iter::from_fn(|| buddy.allocate(&arena, 0, 64).ok()).collect();
    assert_eq!(others.len(), 40);
    let mut nothing = Claim::NONE;
    let refused = buddy.allocate_for(&arena, &mut nothing, 0, 64);
    assert_eq!(refused, Err(Error::NoMemory));
    for left in (0..60).rev() {
        let _ = buddy.allocate_for(&arena, &mut claim, 0, 64).unwrap();
        assert_eq!((claim.frames(), buddy.claimed_frames()), (left, left));
    }
    assert_eq!(buddy.free_frames(), 0);
}

#[test]
fn an_allocation_may_be_claimed_in_part() {
    let arena = Arena::new(65);
    let mut buddy = arena.buddy.lock().unwrap();
    let (mut first, mut second) = (Claim::NONE, Claim::NONE);
    buddy.claim(&mut first, 3).unwrap();
    buddy.claim(&mut second, 40).unwrap();
    // 21 are free for all: with its own 3, enough for 16 and not for 32.
    let refused = buddy.allocate_for(&arena, &mut first, 5, 64);
    assert_eq!((refused, first.frames()), (Err(Error::NoMemory), 3));
    let _ = buddy.allocate_for(&arena, &mut first, 4, 64).unwrap();
    assert_eq!((first.frames(), buddy.claimed_frames()), (0, 40));
}

#[test]
fn a_claim_is_one_and_fits_into_what_is_free() {
    let arena = Arena::new(33);
    let mut buddy = arena.buddy.lock().unwrap();
    let (mut first, mut second) = (Claim::NONE, Claim::NONE);
    assert_eq!(buddy.claim(&mut first, 33), Err(ClaimError::NoMemory));
    assert_eq!(buddy.claim(&mut first, 20), Ok(()));
    assert_eq!(buddy.claim(&mut first, 1), Err(ClaimError::Claimed));
    assert_eq!(buddy.claim(&mut second, 13), Err(ClaimError::NoMemory));
    assert_eq!(
        buddy.claim(&mut second, u64::MAX),
        Err(ClaimError::NoMemory)
    );
    assert_eq!(buddy.claim(&mut second, 12), Ok(()));
    assert_eq!(buddy.claim(&mut first, 0), Ok(()));
    assert_eq!(buddy.claimed_frames(), 12);
    assert_eq!(buddy.claim(&mut first, 0), Ok(()), "always");
}

#[test]
fn a_domain_claims_what_it_lacks_and_may_have() {
    let arena = Arena::new(64);
    arena.accounts(D0, |accounts| accounts.set_max_pages(30));
    let _: [_; 3] = arena.allocate_many(D0);
    let claim = |pages| {
        arena
            .accounts(D0, |accounts| {
                accounts.claim_up_to(&mut arena.buddy.lock().unwrap(), pages)
            })
            .unwrap()
    };
    assert_eq!(claim(3), Err(ClaimError::HasThem));
    assert_eq!(claim(31), Err(ClaimError::OverLimit));
    assert_eq!(claim(10), Ok(()));
    assert_eq!(arena.buddy.lock().unwrap().claimed_frames(), 7);
    assert_eq!(claim(11), Err(ClaimError::Claimed));
    assert_eq!(claim(0), Ok(()));
    assert_eq!(arena.buddy.lock().unwrap().claimed_frames(), 0);
    arena.accounts(D0, DomainMemory::set_dying);
    assert_eq!(claim(10), Err(ClaimError::OverLimit));
}

#[test]
fn errnos() {
    for (error, errno) in [
        (ClaimError::Claimed, Errno::EINVAL),
        (ClaimError::HasThem, Errno::EINVAL),
        (ClaimError::OverLimit, Errno::EINVAL),
        (ClaimError::NoMemory, Errno::ENOMEM),
    ] {
        assert_eq!(Errno::from(error), errno);
    }
}

proptest! {
    #[test]
    fn no_more_is_claimed_than_is_free(
        steps in prop::collection::vec((0..3_usize, 0..4_u16, 0..80_u64, 0..4_u8), 1..200),
    ) {
        let arena = Arena::new(200);
        let mut buddy = arena.buddy.lock().unwrap();
        let mut claims = [Claim::NONE, Claim::NONE, Claim::NONE];
        let mut held = Vec::new();
        for (who, order, pages, what) in steps {
            let claim = &mut claims[who];
            match what {
                0 => _ = buddy.claim(claim, pages),
                1 => _ = buddy.claim(claim, 0),
                2 => {
                    let before = claim.frames();
                    if let Ok(block) = buddy.allocate_for(&arena, claim, order, 64) {
                        prop_assert_eq!(claim.frames(), before.saturating_sub(1 << order));
                        held.push(block);
                    } else {
                        prop_assert_eq!(claim.frames(), before);
                    }
                }
                _ => if let Some(block) = held.pop() {
                    buddy.free(&arena, block);
                },
            }
            let sum: u64 = claims.iter().map(Claim::frames).sum();
            prop_assert_eq!(buddy.claimed_frames(), sum);
            prop_assert!(sum <= buddy.free_frames());
        }
    }
}
