//! Domains at the other end of a ring, good and bad.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use proptest::prelude::*;
use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType as T, StoreRing};
use zerocopy::IntoBytes as _;

use super::page::{RingPage, offset};
use super::serve::{Keeper, Ring};
use crate::engine::tests::Recorder;
use crate::engine::{Effects, Engine, EngineImage, Fault, Indices, Record, Replay};
use crate::error::Result;
use crate::message::{self, Parsed};
use crate::quota::Quota;
use crate::request::Introduction;

const DOMAIN: DomainId = DomainId::new(1);

/// A page in this process.
#[derive(Clone)]
struct Page(Arc<[AtomicU8]>);

impl Page {
    fn new() -> Self {
        Self((0..4096).map(|_| AtomicU8::new(0)).collect())
    }
}

impl RingPage for Page {
    fn read(&self, offset: usize, into: &mut [u8]) {
        for (byte, place) in into.iter_mut().zip(&self.0[offset..]) {
            *byte = place.load(Ordering::Relaxed);
        }
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        for (byte, place) in bytes.iter().zip(&self.0[offset..]) {
            place.store(*byte, Ordering::Relaxed);
        }
    }

    fn load(&self, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn store(&self, offset: usize, value: u32) {
        self.write(offset, &value.to_le_bytes());
    }
}

impl Effects for Kept {
    fn reach(&mut self, _: &Introduction) -> Result<Indices> {
        Ok(Indices::default())
    }

    fn let_go(&mut self, _: DomainId) {}

    fn record(&mut self, _: &Record<'_>) {}
}

/// Keeps what rings keep.
#[derive(Default)]
struct Kept(Recorder);

impl Keeper for Kept {
    fn keep(&mut self, _: &mut Engine, record: &Record<'_>) {
        self.0.keep(record);
    }
}

/// A server with one domain, and the domain.
struct Bench {
    engine: Engine,
    base: Vec<u8>,
    keeper: Kept,
    ring: Ring,
    page: Page,
    /// What the domain has to say yet.
    out: Vec<u8>,
    /// What came for it.
    came: Vec<u8>,
}

impl Bench {
    /// Whose indices start there.
    fn new(start: u32) -> Self {
        let page = Page::new();
        for index in [
            offset::REQ_CONS,
            offset::REQ_PROD,
            offset::RSP_CONS,
            offset::RSP_PROD,
        ] {
            page.store(index, start);
        }
        let mut engine = Engine::new(Quota::DEFAULT);
        let ring = Ring::new(DOMAIN, Box::new(page.clone()));
        let introduction = Introduction {
            domain: DOMAIN,
            frame: 1,
            port: 1,
        };
        engine.introduce(&introduction, ring.indices());
        let base = postcard::to_allocvec(&engine.image()).expect("an image");
        let keeper = Kept::default();
        Self {
            engine,
            base,
            keeper,
            ring,
            page,
            out: Vec::new(),
            came: Vec::new(),
        }
    }

    fn say(&mut self, kind: T, payload: &[u8]) {
        let len = u32::try_from(payload.len()).expect("a length");
        let header = MessageHeader {
            kind: kind.number(),
            req_id: 1,
            tx_id: 0,
            len,
        };
        self.out.extend_from_slice(header.as_bytes());
        self.out.extend_from_slice(payload);
    }

    /// The domain puts so many bytes into the ring, and takes so many out.
    fn domain(&mut self, put: usize, take: usize) {
        let (cons, prod) = (
            self.page.load(offset::REQ_CONS),
            self.page.load(offset::REQ_PROD),
        );
        let room = StoreRing::SIZE - prod.wrapping_sub(cons) as usize;
        let put = put.min(room).min(self.out.len());
        for (at, byte) in self.out.drain(..put).enumerate() {
            let place =
                prod.wrapping_add(u32::try_from(at).expect("small")) as usize % StoreRing::SIZE;
            self.page.write(offset::REQUESTS + place, &[byte]);
        }
        self.page.store(
            offset::REQ_PROD,
            prod.wrapping_add(u32::try_from(put).expect("small")),
        );
        let (cons, prod) = (
            self.page.load(offset::RSP_CONS),
            self.page.load(offset::RSP_PROD),
        );
        let take = take.min(prod.wrapping_sub(cons) as usize);
        for at in 0..take {
            let mut byte = [0];
            let place =
                cons.wrapping_add(u32::try_from(at).expect("small")) as usize % StoreRing::SIZE;
            self.page.read(offset::RESPONSES + place, &mut byte);
            self.came.push(byte[0]);
        }
        self.page.store(
            offset::RSP_CONS,
            cons.wrapping_add(u32::try_from(take).expect("small")),
        );
    }

    fn serve(&mut self) {
        while self.ring.serve(&mut self.engine, &mut self.keeper).more {}
    }

    /// The server is killed and started again.
    fn restart(&mut self) {
        let image: EngineImage = postcard::from_bytes(&self.base).expect("an image");
        self.engine = Engine::restore(image).expect("a state");
        let mut replay = Replay::default();
        for record in &self.keeper.0.records {
            replay.apply(
                &mut self.engine,
                &postcard::from_bytes(record).expect("a record"),
            );
        }
        self.ring = Ring::new(DOMAIN, Box::new(self.page.clone()));
        self.ring.resume(&mut self.engine, &mut self.keeper);
    }

    /// Lets both go on until nothing moves.
    fn finish(&mut self) {
        for _ in 0..100 {
            self.domain(usize::MAX, usize::MAX);
            self.serve();
        }
    }

    /// What came: types and payloads.
    fn messages(&self) -> Vec<(u32, Vec<u8>)> {
        let (mut rest, mut all) = (&self.came[..], Vec::new());
        while let Parsed::Whole(header, payload, size) = message::parse(rest) {
            all.push((header.kind, payload.to_vec()));
            rest = &rest[size..];
        }
        assert!(rest.is_empty(), "half a message came");
        all
    }

    fn fault(&self) -> Option<Fault> {
        self.engine.stream(DOMAIN).expect("a ring").fault()
    }
}

/// Reads of a domain's own path, which show that nothing is lost, doubled or mixed up.
fn requests(bench: &mut Bench, count: usize) {
    for number in 0..count {
        let path = format!("/local/domain/{}\0", number % 7);
        if number % 5 == 4 {
            // Longer than the ring.
            let mut payload = path.clone().into_bytes();
            payload.resize(1500 + number, b'x');
            bench.say(T::Write, &payload);
        } else {
            bench.say(T::GetDomainPath, format!("{number}\0").as_bytes());
        }
    }
}

fn expected(count: usize) -> Vec<(u32, Vec<u8>)> {
    let answer = |number: usize| match number % 5 {
        // Too large a value, or another's node.
        4 => (
            T::Error.number(),
            if 1500 + number - 16 > 2048 {
                b"ENOSPC\0".to_vec()
            } else {
                b"EACCES\0".to_vec()
            },
        ),
        _ => (
            T::GetDomainPath.number(),
            format!("/local/domain/{number}\0").into_bytes(),
        ),
    };
    (0..count).map(answer).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_and_kills_lose_nothing(
        start in prop_oneof![Just(0), Just(u32::MAX - 700), any::<u32>()],
        moves in proptest::collection::vec((0..1100_usize, 0..1100_usize, 0..8_u8), 1..80),
    ) {
        let mut bench = Bench::new(start);
        requests(&mut bench, 40);
        for (put, take, what) in moves {
            bench.domain(put, take);
            match what {
                0 => bench.restart(),
                1 => {}
                _ => bench.serve(),
            }
        }
        bench.finish();
        prop_assert_eq!(bench.fault(), None);
        prop_assert_eq!(bench.messages(), expected(40));
    }

    /// A domain that writes nonsense anywhere in its page ends its own service at most.
    #[test]
    fn scribbling_harms_nobody_else(
        writes in proptest::collection::vec(
            (prop_oneof![0..2080_usize, 2048..2080_usize], any::<u32>(), any::<bool>()),
            1..60,
        ),
    ) {
        let mut bench = Bench::new(0);
        requests(&mut bench, 10);
        for (place, value, restart) in writes {
            bench.page.store(place, value);
            if restart {
                bench.restart();
            }
            // A turn moves a bounded number of bytes, whatever the indices say.
            for _ in 0..4 {
                bench.ring.serve(&mut bench.engine, &mut bench.keeper);
            }
        }
    }
}

#[test]
fn bad_indices_and_lengths_are_told_and_end_the_service() {
    for (place, value, fault) in [
        (offset::REQ_PROD, 1025, Fault::Indices),
        (offset::REQ_PROD, u32::MAX, Fault::Indices),
        (offset::RSP_CONS, 1, Fault::Indices),
    ] {
        let mut bench = Bench::new(0);
        bench.say(T::GetDomainPath, b"1\0");
        bench.domain(usize::MAX, 0);
        bench.page.store(place, value);
        bench.serve();
        assert_eq!(bench.fault(), Some(fault));
        assert_eq!(bench.page.load(offset::ERROR), fault as u32);
    }
    let mut bench = Bench::new(0);
    let header = MessageHeader {
        kind: 2,
        req_id: 1,
        tx_id: 0,
        len: 4097,
    };
    bench.out = header.as_bytes().to_vec();
    bench.domain(usize::MAX, 0);
    bench.serve();
    assert_eq!(bench.fault(), Some(Fault::Protocol));
}

/// Linux tells of bytes only where it finds the ring empty: a header that stays there would never get its body.
#[test]
fn the_start_of_a_request_does_not_stay_in_the_ring() {
    let mut bench = Bench::new(0);
    bench.say(T::GetDomainPath, b"1\0");
    for put in [1, 15, 1] {
        bench.domain(put, 0);
        bench.serve();
        let (taken, put) = (offset::REQ_CONS, offset::REQ_PROD);
        assert_eq!(bench.page.load(taken), bench.page.load(put));
    }
    bench.finish();
    assert_eq!(bench.messages().len(), 1);
}

#[test]
fn a_domain_may_start_anew() {
    let mut bench = Bench::new(77);
    bench.say(T::Watch, b"a\0t\0");
    bench.finish();
    bench.page.store(offset::REQ_PROD, 5000);
    bench.serve();
    assert_eq!(bench.fault(), Some(Fault::Indices));
    bench.page.store(offset::CONNECTION, 1);
    bench.serve();
    assert_eq!(bench.page.load(offset::CONNECTION), 0);
    assert_eq!(bench.page.load(offset::ERROR), 0);
    bench.came.clear();
    bench.say(T::GetDomainPath, b"1\0");
    bench.finish();
    assert_eq!(bench.fault(), None);
    assert_eq!(
        bench.messages(),
        [(T::GetDomainPath.number(), b"/local/domain/1\0".to_vec())]
    );
    bench.restart();
    bench.came.clear();
    bench.say(T::Unwatch, b"a\0t\0");
    bench.finish();
    assert_eq!(
        bench.messages(),
        [(T::Error.number(), b"ENOENT\0".to_vec())]
    );
}

#[test]
fn a_domain_that_takes_no_answers_is_not_asked_for_requests() {
    let mut bench = Bench::new(0);
    for _ in 0..1000 {
        bench.say(T::GetDomainPath, b"1\0");
    }
    for _ in 0..100 {
        bench.domain(usize::MAX, 0);
        bench.serve();
    }
    // A ring of answers, and the quota's number that wait.
    assert!(bench.out.len() > 1000 * 18 / 2);
    bench.finish();
    bench.finish();
    assert_eq!(bench.messages().len(), 1000);
}
