//! DNS: what is answered to a question, and which questions are for others.
//!
//! Guests are known by their names under the network's domain, and dom0 as `dom0`. Names under that
//! domain, names of one word, and the network's own addresses never leave the machine.

use std::net::Ipv4Addr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, PTR, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use ipnet::IpNet;

use super::leases::Leases;

/// Seconds for which an answer may be kept: guests come and go.
const KEEP_SECONDS: u32 = 30;
/// What dom0 is called.
const DOM0: &str = "dom0";
/// Bytes of an answer that go through any network.
const PAYLOAD: u16 = 1232;
/// Bytes of a message's header.
const HEADER: usize = 12;
/// Bytes of a label, at most.
const LABEL: usize = 63;

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Answer(Vec<u8>),
    /// Ask those whom dom0 asks.
    Forward,
    /// It is no question.
    Drop,
}

/// Decides about a message. `domain` is what guests' names end with.
pub(super) fn decide(leases: &Leases, domain: &str, bytes: &[u8]) -> Verdict {
    let Ok(question) = Message::from_vec(bytes) else {
        return malformed(bytes);
    };
    // An answer to an answer could go round for ever.
    if question.metadata.message_type != MessageType::Query {
        return Verdict::Drop;
    }
    if question.metadata.op_code != OpCode::Query {
        return error(&question, ResponseCode::NotImp);
    }
    let [query] = question.queries.as_slice() else {
        return error(&question, ResponseCode::FormErr);
    };
    let Ok(domain) = Name::from_ascii(format!("{domain}.")) else {
        return error(&question, ResponseCode::ServFail);
    };
    match Place::of(query, &domain, leases) {
        Place::Elsewhere => Verdict::Forward,
        place => own_answer(&question, query, &place, &domain, leases),
    }
}

/// Whose name it is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A label below the domain, or the domain itself.
    Own(Option<String>),
    /// An address of the network.
    Address(Ipv4Addr),
    /// Below the domain, and nobody's.
    Nobody,
    Elsewhere,
}

impl Place {
    fn of(query: &Query, domain: &Name, leases: &Leases) -> Self {
        let name = query.name().to_lowercase();
        if let Ok(IpNet::V4(address)) = name.parse_arpa_name()
            && leases.own().contains(&address.addr())
            && address.prefix_len() >= leases.own().prefix_len()
        {
            return match address.prefix_len() {
                32 => Self::Address(address.addr()),
                _ => Self::Nobody,
            };
        }
        let first = name
            .iter()
            .next()
            .map(|label| String::from_utf8_lossy(label).into_owned());
        if domain.zone_of(&name) {
            return match name.num_labels().checked_sub(domain.num_labels()) {
                Some(0) => Self::Own(None),
                Some(1) => Self::Own(first),
                _ => Self::Nobody,
            };
        }
        let wants_address = matches!(query.query_type(), RecordType::A | RecordType::AAAA);
        match name.num_labels() {
            // No machine of the world has such a name.
            1 if wants_address => Self::Own(first),
            _ => Self::Elsewhere,
        }
    }
}

fn own_answer(
    question: &Message,
    query: &Query,
    place: &Place,
    domain: &Name,
    leases: &Leases,
) -> Verdict {
    let mut answer = respond(question);
    answer.metadata.authoritative = true;
    let is_internet = matches!(query.query_class(), DNSClass::IN | DNSClass::ANY);
    let wants = |kind| is_internet && [kind, RecordType::ANY].contains(&query.query_type());
    let is_there = match place {
        Place::Own(Some(label)) => {
            let address = address_of(leases, label);
            let record = address
                .filter(|_| wants(RecordType::A))
                .map(|address| RData::A(A(address)));
            answer.add_answers(record.map(|data| record_of(query, data)));
            address.is_some()
        }
        Place::Address(address) => {
            let name = name_at(leases, *address).and_then(|label| full(&label, domain));
            let is_there = name.is_some();
            let record = name
                .filter(|_| wants(RecordType::PTR))
                .map(|name| RData::PTR(PTR(name)));
            answer.add_answers(record.map(|data| record_of(query, data)));
            is_there
        }
        Place::Own(None) => true,
        Place::Nobody | Place::Elsewhere => false,
    };
    if !is_there {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    if answer.answers.is_empty() {
        // It says how long "no" is true.
        answer.add_authorities(start_of_authority(domain));
    }
    encode(&answer)
}

fn record_of(query: &Query, data: RData) -> Record {
    Record::from_rdata(query.name().clone(), KEEP_SECONDS, data)
}

fn start_of_authority(domain: &Name) -> Option<Record> {
    let (server, mailbox) = (full(DOM0, domain)?, full("hostmaster", domain)?);
    let day = 86_400;
    let data = SOA::new(server, mailbox, 1, day, day, day, KEEP_SECONDS);
    Some(Record::from_rdata(
        domain.clone(),
        KEEP_SECONDS,
        RData::SOA(data),
    ))
}

fn full(label: &str, domain: &Name) -> Option<Name> {
    Name::from_labels([label.as_bytes()])
        .ok()?
        .append_domain(domain)
        .ok()
}

/// The address of dom0 or a guest.
fn address_of(leases: &Leases, label: &str) -> Option<Ipv4Addr> {
    if label == DOM0 {
        return Some(leases.own().addr());
    }
    let mut named = leases
        .iter()
        .filter_map(|(lease, name)| Some((lease, name?)));
    let found = named.find(|(_, name)| to_label(name) == label);
    found.map(|(lease, _)| lease.address)
}

fn name_at(leases: &Leases, address: Ipv4Addr) -> Option<String> {
    if address == leases.own().addr() {
        return Some(DOM0.to_owned());
    }
    let mut all = leases.iter();
    let (_, name) = all.find(|(lease, _)| lease.address == address)?;
    name.map(to_label)
}

/// A guest's name as one label: what can't be in one is a `-` there.
fn to_label(name: &str) -> String {
    let label = name.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '-',
    });
    label.take(LABEL).collect()
}

/// That nobody could be asked.
pub(super) fn failure(bytes: &[u8]) -> Option<Vec<u8>> {
    let question = Message::from_vec(bytes).ok()?;
    match error(&question, ResponseCode::ServFail) {
        Verdict::Answer(answer) => Some(answer),
        _ => None,
    }
}

fn error(question: &Message, code: ResponseCode) -> Verdict {
    let mut answer = respond(question);
    answer.metadata.response_code = code;
    encode(&answer)
}

/// What can't be read gets an answer if it has a header at least, of a question.
fn malformed(bytes: &[u8]) -> Verdict {
    let (Some(&[first, second, flags]), true) = (bytes.first_chunk(), bytes.len() >= HEADER) else {
        return Verdict::Drop;
    };
    if flags & 0x80 != 0 {
        return Verdict::Drop;
    }
    let id = u16::from_be_bytes([first, second]);
    encode(&Message::error_msg(
        id,
        OpCode::Query,
        ResponseCode::FormErr,
    ))
}

fn respond(question: &Message) -> Message {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_queries(question.queries.iter().take(1).cloned());
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        answer.set_edns(edns);
    }
    answer
}

fn encode(answer: &Message) -> Verdict {
    answer.to_vec().map_or(Verdict::Drop, Verdict::Answer)
}

/// Whether two messages ask the same: an answer must repeat its question.
pub(super) fn same_question(question: &[u8], answer: &[u8]) -> bool {
    let (Ok(question), Ok(answer)) = (Message::from_vec(question), Message::from_vec(answer))
    else {
        return false;
    };
    answer.metadata.message_type == MessageType::Response && answer.queries == question.queries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ringwall_guestfile::Mac;

    use super::*;

    fn leases() -> Leases {
        let mut leases = Leases::new("10.77.0.1/24".parse().unwrap(), []);
        for (number, name) in [(1, "web"), (2, "My DB_1")] {
            let address = Ipv4Addr::new(10, 77, 0, 10 + number);
            leases
                .add(Mac([2, 0, 0, 0, 0, number]), name, Some(address), 0)
                .unwrap();
        }
        leases
    }

    fn question(name: &str, kind: RecordType) -> Message {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        message
    }

    fn ask(name: &str, kind: RecordType) -> Option<Message> {
        match decide(
            &leases(),
            "internal",
            &question(name, kind).to_vec().unwrap(),
        ) {
            Verdict::Answer(bytes) => Some(Message::from_vec(&bytes).unwrap()),
            Verdict::Forward => None,
            Verdict::Drop => panic!("{name} is dropped"),
        }
    }

    #[test]
    fn guests_have_names() {
        for (name, address) in [
            ("web.internal.", 11),
            ("WEB.Internal.", 11),
            ("web.", 11),
            ("my-db-1.internal.", 12),
            ("dom0.internal.", 1),
        ] {
            let answer = ask(name, RecordType::A).unwrap();
            let data: Vec<_> = answer
                .answers
                .iter()
                .map(|record| record.data.clone())
                .collect();
            assert_eq!(
                data,
                [RData::A(A(Ipv4Addr::new(10, 77, 0, address)))],
                "{name}"
            );
            assert!(answer.metadata.authoritative);
        }
        let answer = ask("11.0.77.10.in-addr.arpa.", RecordType::PTR).unwrap();
        let name = Name::from_ascii("web.internal.").unwrap();
        assert_eq!(answer.answers[0].data, RData::PTR(PTR(name)));
    }

    #[test]
    fn what_is_not_there_is_denied_and_not_asked_for_elsewhere() {
        for (name, kind, code) in [
            ("none.internal.", RecordType::A, ResponseCode::NXDomain),
            ("a.web.internal.", RecordType::A, ResponseCode::NXDomain),
            ("none.", RecordType::A, ResponseCode::NXDomain),
            (
                "99.0.77.10.in-addr.arpa.",
                RecordType::PTR,
                ResponseCode::NXDomain,
            ),
            ("web.internal.", RecordType::AAAA, ResponseCode::NoError),
            ("internal.", RecordType::NS, ResponseCode::NoError),
        ] {
            let answer = ask(name, kind).unwrap();
            assert_eq!(answer.metadata.response_code, code, "{name}");
            assert!(answer.answers.is_empty());
            assert_eq!(answer.authorities.len(), 1, "{name}");
        }
        for (name, kind) in [
            ("debian.org.", RecordType::A),
            ("com.", RecordType::NS),
            ("1.1.168.192.in-addr.arpa.", RecordType::PTR),
            ("notinternal.", RecordType::MX),
        ] {
            assert_eq!(ask(name, kind), None, "{name}");
        }
    }

    #[test]
    fn bad_messages_are_answered_at_most_once() {
        let leases = leases();
        let decide = |bytes: &[u8]| decide(&leases, "internal", bytes);
        assert_eq!(decide(&[]), Verdict::Drop);
        assert_eq!(decide(&[0; 11]), Verdict::Drop);
        let mut answer = question("web.internal.", RecordType::A);
        answer.metadata.message_type = MessageType::Response;
        assert_eq!(decide(&answer.to_vec().unwrap()), Verdict::Drop);
        let code = |bytes: &[u8]| match decide(bytes) {
            Verdict::Answer(bytes) => Message::from_vec(&bytes).unwrap().metadata.response_code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&[0; 12]), ResponseCode::FormErr);
        let mut update = question("web.internal.", RecordType::A);
        update.metadata.op_code = OpCode::Update;
        assert_eq!(code(&update.to_vec().unwrap()), ResponseCode::NotImp);
        let cut = question("web.internal.", RecordType::A).to_vec().unwrap();
        assert_eq!(code(&cut[..15]), ResponseCode::FormErr);
    }

    proptest! {
        #[test]
        fn no_bytes_harm(changes in prop::collection::vec((0..40_usize, any::<u8>()), 0..8), cut in 0..60_usize) {
            let mut bytes = question("web.internal.", RecordType::A).to_vec().unwrap();
            for (place, byte) in changes {
                if let Some(old) = bytes.get_mut(place) {
                    *old = byte;
                }
            }
            bytes.truncate(cut);
            if let Verdict::Answer(answer) = decide(&leases(), "internal", &bytes) {
                prop_assert_eq!(&answer[..2], &bytes[..2]);
                prop_assert!(answer.len() < 512);
            }
        }
    }
}
