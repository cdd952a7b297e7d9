//! The ring alone.

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use ringwall_abi::DomainId;
use ringwall_sdk::SharedPage;
use ringwall_sdk::device::{Access, GrantedPage};
use ringwall_sdk::ring::{FrontRing, Notify, RingError, Waiting};

use crate::world::World;

const REQ_PROD: usize = 0;
const REQ_EVENT: usize = 4;
const RSP_PROD: usize = 8;
const RSP_EVENT: usize = 12;

type Ring = FrontRing<World, [u8; 16], [u8; 8]>;

fn ring() -> (Ring, SharedPage) {
    let world = World::new();
    let page = GrantedPage::new(&world, DomainId::DOM0, Access::ReadWrite).unwrap();
    let other = world.map(page.reference()).unwrap();
    (FrontRing::new(page), other)
}

fn get(page: &SharedPage, offset: usize) -> u32 {
    page.u32(offset).load(Ordering::Relaxed)
}

fn set(page: &SharedPage, offset: usize, value: u32) {
    page.u32(offset).store(value, Ordering::Relaxed);
}

#[test]
fn it_starts_as_both_sides_expect() {
    let (ring, page) = ring();
    // 4032 bytes of entries of 16.
    assert_eq!(ring.size(), 128);
    assert_eq!(get(&page, REQ_EVENT), 1);
    assert_eq!(get(&page, RSP_EVENT), 1);
}

#[test]
fn requests_are_seen_when_published_and_signalled_when_asked_for() {
    let (mut ring, page) = ring();
    ring.push(&[7; 16]).unwrap();
    assert_eq!(get(&page, REQ_PROD), 0);
    assert_eq!(ring.publish(), Notify::Needed);
    assert_eq!(get(&page, REQ_PROD), 1);
    assert_eq!(page.read_value::<[u8; 16]>(64), Some([7; 16]));
    ring.push(&[8; 16]).unwrap();
    assert_eq!(ring.publish(), Notify::NotNeeded);
    set(&page, REQ_EVENT, 4);
    ring.push(&[9; 16]).unwrap();
    assert_eq!(ring.publish(), Notify::NotNeeded);
    ring.push(&[9; 16]).unwrap();
    assert_eq!(ring.publish(), Notify::Needed);
    assert_eq!(ring.publish(), Notify::NotNeeded);
}

#[test]
fn responses_are_taken_once() {
    let (mut ring, page) = ring();
    assert_eq!(ring.pop(), Ok(None));
    ring.push(&[0; 16]).unwrap();
    let _ = ring.publish();
    assert_eq!(ring.arm(), Ok(Waiting::Armed));
    page.write(64, &[5; 8]).unwrap();
    set(&page, RSP_PROD, 1);
    assert_eq!(ring.arm(), Ok(Waiting::Ready));
    assert_eq!(ring.pop(), Ok(Some([5; 8])));
    assert_eq!(ring.pop(), Ok(None));
    assert_eq!(ring.arm(), Ok(Waiting::Armed));
    assert_eq!(get(&page, RSP_EVENT), 2);
}

#[test]
fn a_full_ring_takes_no_more() {
    let (mut ring, _) = ring();
    for _ in 0..ring.size() {
        ring.push(&[0; 16]).unwrap();
    }
    assert_eq!(ring.push(&[0; 16]), Err(RingError::Full));
}

#[test]
fn more_responses_than_requests_are_a_lie() {
    for (requests, producer, lie) in [
        (0, 1, true),
        (1, 1, false),
        (1, 2, true),
        (1, u32::MAX, true),
        (128, 128, false),
        (128, 129, true),
    ] {
        let (mut ring, page) = ring();
        for _ in 0..requests {
            ring.push(&[0; 16]).unwrap();
        }
        let _ = ring.publish();
        set(&page, RSP_PROD, producer);
        assert_eq!(ring.pop().is_err(), lie, "{requests} {producer}");
        assert_eq!(ring.arm().is_err(), lie, "{requests} {producer}");
    }
}

#[test]
fn what_was_not_published_is_not_answered() {
    let (mut ring, page) = ring();
    ring.push(&[0; 16]).unwrap();
    set(&page, RSP_PROD, 1);
    assert!(ring.pop().is_err());
}

proptest! {
    /// An honest other end: what goes in comes out, over any number of turns of the ring.
    #[test]
    fn each_request_gets_its_response(batches in prop::collection::vec((1..=128_u32, 0..=128_u32), 1..60)) {
        let (mut ring, page) = ring();
        let (mut pushed, mut answered, mut taken) = (0_u32, 0_u32, 0_u32);
        for (push, answer) in batches {
            for _ in 0..push.min(ring.free()) {
                let mut request = [0; 16];
                request[..4].copy_from_slice(&pushed.to_le_bytes());
                ring.push(&request).unwrap();
                pushed += 1;
            }
            let _ = ring.publish();
            for _ in 0..answer.min(pushed - answered) {
                let place = 64 + (answered % 128) as usize * 16;
                let request: [u8; 8] = page.read_value(place).unwrap();
                page.write(place, &request).unwrap();
                answered += 1;
            }
            set(&page, RSP_PROD, answered);
            while let Some(response) = ring.pop().unwrap() {
                prop_assert_eq!(&response[..4], &taken.to_le_bytes());
                taken += 1;
            }
            prop_assert_eq!(taken, answered);
            prop_assert_eq!(ring.outstanding(), pushed - answered);
        }
    }

    /// A producer index of the other end gives at most as many responses as there are requests.
    #[test]
    fn responses_never_outnumber_requests(requests in 0..=128_u32, producers: Vec<u32>) {
        let (mut ring, page) = ring();
        for _ in 0..requests {
            ring.push(&[0; 16]).unwrap();
        }
        let _ = ring.publish();
        let mut taken = 0;
        for producer in producers {
            set(&page, RSP_PROD, producer);
            while let Ok(Some(_)) = ring.pop() {
                taken += 1;
            }
        }
        prop_assert!(taken <= requests);
        prop_assert_eq!(ring.outstanding(), requests - taken);
    }
}
