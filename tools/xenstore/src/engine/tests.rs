//! Clients against the engine, by messages.

mod hostile;
mod protocol;
mod restart;

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType};

use super::{ConnectionId, Effects, Engine, Indices, Record};
use crate::error::Result;
use crate::message::{self, Parsed};
use crate::quota::Quota;
use crate::request::Introduction;

pub(crate) const DOM0: ConnectionId = ConnectionId::Socket(1);

/// An engine with a client of the control domain, and domains.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) effects: Recorder,
}

/// Reaches every domain, and keeps the records.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) let_go: Vec<DomainId>,
}

impl Recorder {
    pub(crate) fn keep(&mut self, record: &Record<'_>) {
        self.records
            .push(postcard::to_allocvec(record).expect("a record"));
    }
}

impl Effects for Recorder {
    fn reach(&mut self, _: &Introduction) -> Result<Indices> {
        Ok(Indices::default())
    }

    fn let_go(&mut self, domain: DomainId) {
        self.let_go.push(domain);
    }

    fn record(&mut self, record: &Record<'_>) {
        self.keep(record);
    }
}

/// What came for a client: the type's name, and the payload with `|` for its zeros.
pub(crate) type Answer = (&'static str, String);

impl Bench {
    /// With the domains 1 to 3, each with a home of its own.
    pub(crate) fn new() -> Self {
        Self::with(Quota::DEFAULT)
    }

    pub(crate) fn with(quota: Quota) -> Self {
        let mut bench = Self {
            engine: Engine::new(quota),
            effects: Recorder::default(),
        };
        bench.engine.connect(DOM0);
        for number in 1..=3 {
            bench.ok(DOM0, MessageType::Introduce, &format!("{number}|1000|7|"));
            bench.ok(
                DOM0,
                MessageType::Mkdir,
                &format!("/local/domain/{number}|"),
            );
            bench.ok(
                DOM0,
                MessageType::SetPerms,
                &format!("/local/domain/{number}|n{number}|"),
            );
        }
        bench
    }

    /// Sends a request; `|` stands for a zero.
    pub(crate) fn send(
        &mut self,
        id: ConnectionId,
        kind: MessageType,
        transaction: u32,
        payload: &str,
    ) {
        let payload = payload.replace('|', "\0");
        self.send_raw(id, kind.number(), transaction, payload.as_bytes());
    }

    pub(crate) fn send_raw(
        &mut self,
        id: ConnectionId,
        kind: u32,
        transaction: u32,
        payload: &[u8],
    ) {
        let len = u32::try_from(payload.len()).expect("a length");
        let header = MessageHeader {
            kind,
            req_id: 5,
            tx_id: transaction,
            len,
        };
        self.engine.execute(id, &header, payload, &mut self.effects);
    }

    /// Takes all that waits for a client.
    pub(crate) fn take(&mut self, id: ConnectionId) -> Vec<Answer> {
        let mut bytes = Vec::new();
        self.engine.take(id, &mut bytes, usize::MAX);
        let (mut rest, mut answers) = (&bytes[..], Vec::new());
        while let Parsed::Whole(header, payload, size) = message::parse(rest) {
            let kind = MessageType::try_from(header.kind).expect("a type");
            let text = String::from_utf8_lossy(payload).replace('\0', "|");
            answers.push((kind.header_name(), text));
            rest = &rest[size..];
        }
        assert!(rest.is_empty());
        answers
    }

    /// Sends a request and takes what comes: the answer's payload, or the error's name.
    pub(crate) fn ask(&mut self, id: ConnectionId, kind: MessageType, payload: &str) -> String {
        self.ask_in(id, 0, kind, payload)
    }

    /// The same within a transaction.
    pub(crate) fn ask_in(
        &mut self,
        id: ConnectionId,
        transaction: u32,
        kind: MessageType,
        payload: &str,
    ) -> String {
        self.take(id);
        self.send(id, kind, transaction, payload);
        let answers = self.take(id);
        let (name, text) = answers.into_iter().next().expect("an answer");
        assert!(name == kind.header_name() || name == "XS_ERROR", "{name}");
        text
    }

    pub(crate) fn ok(&mut self, id: ConnectionId, kind: MessageType, payload: &str) {
        assert_eq!(self.ask(id, kind, payload), "OK|", "{kind} {payload}");
    }

    /// Starts a transaction.
    pub(crate) fn start(&mut self, id: ConnectionId) -> u32 {
        let number = self.ask(id, MessageType::TransactionStart, "|");
        number.trim_end_matches('|').parse().expect("a number")
    }
}

pub(crate) fn domain(number: u16) -> ConnectionId {
    ConnectionId::Domain(DomainId::new(number))
}
