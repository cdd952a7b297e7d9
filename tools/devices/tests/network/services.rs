//! Addresses, names and the way out, for a client in a network namespace of its own on the bridge.

use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Duration;

use dhcproto::v4::{DhcpOption, Message as Dhcp, MessageType, OptionCode};
use dhcproto::{Decodable as _, Decoder, Encodable as _};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use ringwall_devices::network::{DefaultNetwork, Links, Settings};
use ringwall_devices::services::{Files, Services};
use ringwall_guestfile::Mac;

use crate::namespace::{enter, ip};

const OWN: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// Which part a process plays: its name and an argument.
const PART: &str = "RINGWALL_TEST_PART";

#[test]
fn a_client_gets_an_address_a_name_and_a_way_out() {
    if !enter("services::a_client_gets_an_address_a_name_and_a_way_out") {
        return;
    }
    let mac = Mac::derived("web", 0);
    ip("link set lo up");
    let mut links = Links::new();
    let network = DefaultNetwork::ensure(&mut links, Settings::default());
    let translated = network.is_ok();
    let network = network.unwrap_or_else(|error| {
        println!("not translated: {error}");
        let settings = Settings {
            nat: false,
            ..Settings::default()
        };
        DefaultNetwork::ensure(&mut links, settings).unwrap()
    });
    connect("client", "v");
    ip("link set v0 master rwbr0");
    ip("link set v0 up");
    ip(&format!("-n client link set v1 address {mac}"));
    ip("-n client link set v1 up");
    // What an address-less client needs to send to all.
    ip("-n client route add 255.255.255.255 dev v1");
    let directory = tempfile::tempdir().unwrap();
    let files = Files {
        leases: directory.path().join("leases.json"),
        resolvers: directory.path().join("resolv.conf"),
    };
    std::fs::write(&files.resolvers, "nameserver 127.0.0.1\n").unwrap();
    let (sender, events) = mpsc::sync_channel(16);
    let mut address = None;
    // The second time it is a daemon that was started again.
    for _ in 0..2 {
        let services = Services::start(&network, files.clone(), Some(sender.clone())).unwrap();
        let expected = services.add(mac, "web", None).unwrap();
        assert!(address.is_none_or(|before| before == expected));
        address = Some(expected);
        wait(part("client", "lease", &format!("{mac} {expected}")));
        let event = events.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!((event.lease.mac, event.lease.address), (mac, expected));
        assert_eq!(event.name.as_deref(), Some("web"));
    }
    let address = address.unwrap();
    let services = Services::start(&network, files, Some(sender)).unwrap();
    services.add(mac, "web", None).unwrap();
    ip(&format!("-n client addr add {address}/24 dev v1"));
    ip("-n client route add default via 10.77.0.1");
    let upstream = std::thread::spawn(answer_one);
    wait(part("client", "resolve", &address.to_string()));
    upstream.join().unwrap();
    if translated {
        connect("world", "u");
        ip("addr add 192.0.2.1/24 dev u0");
        ip("link set u0 up");
        ip("-n world addr add 192.0.2.2/24 dev u1");
        ip("-n world link set u1 up");
        let echo = part("world", "echo", "");
        wait(part("client", "reach", ""));
        wait(echo);
    }
}

/// Makes a namespace, and a cable to it: `v0` is here, `v1` there.
fn connect(namespace: &str, cable: &str) {
    ip(&format!("netns add {namespace}"));
    ip(&format!(
        "link add {cable}0 type veth peer name {cable}1 netns {namespace}"
    ));
}

/// Starts this program in a namespace, to play a part.
fn part(namespace: &str, name: &str, argument: &str) -> Child {
    let mut command = Command::new("ip");
    command
        .args(["netns", "exec", namespace])
        .arg(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "services::part_of_another_process",
        "--nocapture",
    ]);
    command
        .env(PART, format!("{name} {argument}"))
        .spawn()
        .unwrap()
}

fn wait(mut child: Child) {
    assert!(child.wait().unwrap().success());
}

/// A name server of the world, which knows one name.
fn answer_one() {
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut buffer = [0; 512];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    let mut answer = Message::from_vec(&buffer[..length])
        .unwrap()
        .into_response();
    let name = answer.queries[0].name().clone();
    answer.add_answer(Record::from_rdata(name, 1, RData::A(A(OUTSIDE))));
    socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
}

#[test]
fn part_of_another_process() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    match part.split(' ').collect::<Vec<_>>().as_slice() {
        ["lease", mac, expected] => lease(Mac::parse(mac).unwrap(), expected.parse().unwrap()),
        ["resolve", own] => {
            for (name, expected) in [
                ("web.internal.", own.parse().unwrap()),
                ("dom0.internal.", OWN),
                ("example.org.", OUTSIDE),
            ] {
                assert_eq!(
                    resolve(name),
                    (ResponseCode::NoError, Some(expected)),
                    "{name}"
                );
            }
            assert_eq!(resolve("none.internal.").0, ResponseCode::NXDomain);
        }
        ["reach", _] => {
            let socket = socket(0);
            socket.connect((OUTSIDE, 9)).unwrap();
            for _ in 0..20 {
                socket.send(b"hello").unwrap();
                if socket.recv(&mut [0; 16]).is_ok() {
                    return;
                }
            }
            panic!("no answer");
        }
        ["echo", _] => {
            let socket = socket(9);
            socket
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            let mut buffer = [0; 16];
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            assert_eq!(from.ip(), Ipv4Addr::new(192, 0, 2, 1), "not dom0's address");
            socket.send_to(&buffer[..length], from).unwrap();
        }
        other => panic!("{other:?}"),
    }
}

fn socket(port: u16) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    socket
}

/// Discover, offer, request, acknowledge.
fn lease(mac: Mac, expected: Ipv4Addr) {
    let socket = socket(68);
    socket.set_broadcast(true).unwrap();
    let mut message = Dhcp::default();
    message.set_chaddr(&mac.0);
    for (kind, answer) in [
        (MessageType::Discover, MessageType::Offer),
        (MessageType::Request, MessageType::Ack),
    ] {
        message.opts_mut().insert(DhcpOption::MessageType(kind));
        let reply = ask(&socket, &message);
        assert_eq!(reply.opts().msg_type(), Some(answer));
        assert_eq!(reply.yiaddr(), expected);
        let router = reply.opts().get(OptionCode::Router);
        assert_eq!(router, Some(&DhcpOption::Router(vec![OWN])));
        message
            .opts_mut()
            .insert(DhcpOption::RequestedIpAddress(expected));
        message.opts_mut().insert(DhcpOption::ServerIdentifier(OWN));
    }
}

fn ask(socket: &UdpSocket, message: &Dhcp) -> Dhcp {
    for _ in 0..20 {
        socket
            .send_to(&message.to_vec().unwrap(), "255.255.255.255:67")
            .unwrap();
        let mut buffer = [0; 1500];
        if let Ok(length) = socket.recv(&mut buffer) {
            return Dhcp::decode(&mut Decoder::new(&buffer[..length])).unwrap();
        }
    }
    panic!("no answer to {message:?}");
}

fn resolve(name: &str) -> (ResponseCode, Option<Ipv4Addr>) {
    let socket = socket(0);
    socket.connect((OWN, 53)).unwrap();
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    socket.send(&question.to_vec().unwrap()).unwrap();
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer).unwrap();
    let answer = Message::from_vec(&buffer[..length]).unwrap();
    let address = answer.answers.iter().find_map(|record| match record.data {
        RData::A(A(address)) => Some(address),
        _ => None,
    });
    (answer.metadata.response_code, address)
}
