//! The same records make the same state.

use proptest::prelude::*;
use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType as T};
use zerocopy::IntoBytes as _;

use super::super::{Engine, EngineImage, Record, Replay};
use super::{Bench, DOM0};
use crate::engine::Effects;
use crate::error::Result;
use crate::request::Introduction;

/// As rings are served: what requests do is in the record of their bytes.
struct FromRing<'a>(&'a mut super::Recorder);

impl Effects for FromRing<'_> {
    fn reach(&mut self, introduction: &Introduction) -> Result<super::Indices> {
        self.0.reach(introduction)
    }

    fn let_go(&mut self, _: DomainId) {}

    fn record(&mut self, record: &Record<'_>) {
        if let Record::Introduce { indices, .. } = record {
            self.0.keep(&Record::Reached(*indices));
        }
    }
}

/// What happens to an engine.
#[derive(Clone, Debug)]
enum Step {
    /// The control domain's process asks.
    Process(T, String),
    /// A domain asks, perhaps within its transaction, in pieces of so many bytes.
    Domain(u16, T, bool, String, usize),
    /// A domain takes what waits for it.
    Take(u16),
    ShutDown(u16),
    /// The state is written down as a whole.
    Image,
}

fn step() -> impl Strategy<Value = Step> {
    let path = prop_oneof![
        Just("/a"),
        Just("/a/b"),
        Just("/shared"),
        Just("mine"),
        Just("mine/x"),
        Just("/local/domain/2"),
    ];
    let request = (path, 0..9_u8).prop_map(|(path, kind)| match kind {
        0 => (T::Read, format!("{path}|")),
        1 => (T::Watch, format!("{path}|t|")),
        2 => (T::Rm, format!("{path}|")),
        3 => (T::SetPerms, format!("{path}|n0|b1|b2|")),
        4 => (T::TransactionStart, "|".into()),
        5 => (T::TransactionEnd, "T|".into()),
        6 => (T::Introduce, "3|5|5|".into()),
        7 => (T::Release, "3|".into()),
        _ => (T::Write, format!("{path}|value")),
    });
    prop_oneof![
        3 => request.clone().prop_map(|(kind, payload)| Step::Process(kind, payload)),
        6 => (0..4_u16, request, any::<bool>(), 1..64_usize)
            .prop_map(|(domain, (kind, payload), within, size)| Step::Domain(domain, kind, within, payload, size)),
        2 => (0..4_u16).prop_map(Step::Take),
        1 => (1..4_u16).prop_map(Step::ShutDown),
        1 => Just(Step::Image),
    ]
}

fn image(engine: &mut Engine) -> Vec<u8> {
    postcard::to_allocvec(&engine.image()).expect("an image")
}

fn restored(image: &[u8], records: &[Vec<u8>]) -> Engine {
    let image: EngineImage = postcard::from_bytes(image).expect("an image");
    let mut engine = Engine::restore(image).expect("a state");
    let mut replay = Replay::default();
    for record in records {
        replay.apply(
            &mut engine,
            &postcard::from_bytes(record).expect("a record"),
        );
    }
    engine
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A server that is killed after any step goes on as if nothing had been: with the same nodes, watches, open
    /// transactions, and bytes that are still to be sent.
    #[test]
    fn records_make_the_same_state(steps in proptest::collection::vec(step(), 1..60)) {
        let mut bench = Bench::new();
        // The kernel of the control domain has a ring too.
        let own = Introduction { domain: DomainId::DOM0, frame: 0, port: 1 };
        bench.engine.introduce(&own, super::Indices::default());
        let mut base = image(&mut bench.engine);
        bench.effects.records.clear();
        for step in steps {
            match step {
                Step::Process(kind, payload) => {
                    bench.send(DOM0, kind, 0, &payload);
                    bench.take(DOM0);
                }
                Step::Domain(number, kind, within, payload, size) => {
                    let payload = payload.replace('|', "\0");
                    let tx_id = u32::from(within && kind != T::TransactionStart);
                    let len = u32::try_from(payload.len()).expect("a length");
                    let header = MessageHeader { kind: kind.number(), req_id: 3, tx_id, len };
                    let message = [header.as_bytes(), payload.as_bytes()].concat();
                    let domain = DomainId::new(number);
                    for piece in message.chunks(size) {
                        bench.engine.feed(domain, piece, &mut FromRing(&mut bench.effects));
                        bench.effects.keep(&Record::Input { domain, bytes: piece.into() });
                    }
                }
                Step::Take(number) => {
                    let domain = DomainId::new(number);
                    let messages = bench.engine.next_batch(domain);
                    bench.effects.keep(&Record::Batch { domain, messages });
                }
                Step::ShutDown(number) => {
                    bench.engine.note_shutdown(DomainId::new(number), &mut bench.effects);
                }
                Step::Image => {
                    base = image(&mut bench.engine);
                    bench.effects.records.clear();
                }
            }
            let mut again = restored(&base, &bench.effects.records);
            prop_assert_eq!(again.has_transactions(), bench.engine.has_transactions());
            // Writing it down ends transactions, so it is done to a copy.
            prop_assert_eq!(image(&mut again), image(&mut bench.engine.clone()));
        }
    }
}

#[test]
fn a_transaction_that_was_written_down_has_to_be_tried_again() {
    let mut bench = Bench::new();
    let client = super::domain(1);
    let transaction = bench.start(client);
    assert_eq!(bench.ask_in(client, transaction, T::Write, "a|1"), "OK|");
    let image = image(&mut bench.engine);
    bench.engine = restored(&image, &[]);
    assert_eq!(bench.ask_in(client, transaction, T::Write, "b|1"), "OK|");
    assert_eq!(
        bench.ask_in(client, transaction, T::TransactionEnd, "T|"),
        "EAGAIN|"
    );
    assert_eq!(bench.ask(client, T::Read, "b|"), "ENOENT|");
    assert_ne!(bench.start(client), transaction);
}
