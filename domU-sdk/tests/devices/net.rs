//! Networks.

use proptest::prelude::*;
use ringwall_abi::io::netif::{ExtraType, RxFlags, RxResponse, TxFlags, TxResponse};
use ringwall_sdk::device::Platform;
use ringwall_sdk::net::{
    Checked, Checksum, Checksums, FRAME_MAX, Frame, MacAddress, Multicast, Net, NetError,
    NetOptions,
};
use ringwall_sdk::xenbus::{DeviceError, Store};

use crate::net_back::{self, ADDRESS, BACK, FRONT, Wire};
use crate::scribble;
use crate::store_back::{self, HOME, Nodes};
use crate::world::World;

struct Machine {
    world: World,
    store: Store<World>,
    nodes: Nodes,
    wire: Wire,
}

fn machine() -> Machine {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    let wire = net_back::add(&world, &nodes);
    Machine {
        world,
        store,
        nodes,
        wire,
    }
}

fn connect_with(machine: &Machine, options: NetOptions) -> Net<World> {
    Net::connect(&machine.store, 0, options).unwrap()
}

fn connect(machine: &Machine) -> Net<World> {
    connect_with(machine, NetOptions::default())
}

fn frame(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|index| index as u8 ^ seed).collect()
}

#[test]
fn it_is_found_and_described() {
    let machine = machine();
    machine.nodes.set(&format!("{HOME}/{FRONT}/mtu"), "9000");
    assert_eq!(Net::list(&machine.store).unwrap(), [0]);
    let net = connect(&machine);
    assert_eq!(net.address().to_string(), ADDRESS);
    assert_eq!(net.mtu(), FRAME_MAX - 14);
    assert_eq!(net.link_is_up(), Ok(true));
    machine.nodes.set(&format!("{BACK}/carrier"), "0");
    assert_eq!(net.link_is_up(), Ok(false));
    let front = |name: &str| {
        machine
            .nodes
            .get(&format!("{HOME}/{FRONT}/{name}"))
            .unwrap()
    };
    for (name, value) in [
        ("request-rx-copy", "1"),
        ("feature-rx-notify", "1"),
        ("feature-no-csum-offload", "1"),
        ("request-multicast-control", "0"),
        ("state", "4"),
    ] {
        assert_eq!(front(name), value, "{name}");
    }
}

#[test]
fn frames_go_and_come() {
    let machine = machine();
    let mut net = connect(&machine);
    let mut buffer = [0; FRAME_MAX];
    // More than there are pages, entries and turns of the ring.
    for number in 0..1000 {
        let length = 14 + number * 4;
        let seed = number as u8;
        net.send(&frame(length, seed)).unwrap();
        machine
            .wire
            .0
            .borrow_mut()
            .coming
            .push_back((frame(length, !seed), RxFlags::empty()));
        machine.world.step();
        let sent = machine.wire.0.borrow_mut().sent.pop_front().unwrap();
        assert_eq!(sent, (frame(length, seed), TxFlags::empty()));
        let came = net.receive(&mut buffer).unwrap().unwrap();
        assert_eq!(
            came,
            Frame {
                length,
                checked: Checked::No
            }
        );
        assert_eq!(buffer[..length], frame(length, !seed));
        assert_eq!(net.receive(&mut buffer), Ok(None));
    }
    let statistics = net.statistics();
    assert_eq!((statistics.received, statistics.not_received), (1000, 0));
}

#[test]
fn what_is_no_frame_is_not_sent() {
    let machine = machine();
    let mut net = connect(&machine);
    for length in [0, 13, FRAME_MAX + 1, 70_000] {
        assert_eq!(net.send(&vec![0; length]), Err(NetError::BadLength));
    }
}

#[test]
fn a_back_end_that_takes_nothing_makes_it_busy() {
    let machine = machine();
    let mut net = connect(&machine);
    machine.wire.0.borrow_mut().stopped = true;
    let sent = (0..).take_while(|_| net.send(&[0; 60]).is_ok()).count();
    assert_eq!(sent, 64);
    assert_eq!(net.can_send(), Ok(false));
    assert_eq!(net.send(&[0; 60]), Err(NetError::Busy));
    machine.wire.0.borrow_mut().stopped = false;
    net.sleep(u64::MAX).unwrap();
    net.send(&[0; 60]).unwrap();
}

#[test]
fn what_was_not_sent_is_counted() {
    let machine = machine();
    let mut net = connect(&machine);
    for status in [TxResponse::ERROR, TxResponse::DROPPED, TxResponse::OKAY] {
        machine.wire.0.borrow_mut().status = status;
        net.send(&[0; 60]).unwrap();
        machine.world.step();
    }
    assert_eq!(net.can_send(), Ok(true));
    assert_eq!((net.statistics().sent, net.statistics().not_sent), (1, 2));
}

#[test]
fn checksums_are_told() {
    let machine = machine();
    let options = NetOptions {
        checksums: Checksums::Offloaded,
        ..NetOptions::default()
    };
    let mut net = connect_with(&machine, options);
    let node = format!("{HOME}/{FRONT}/feature-no-csum-offload");
    assert_eq!(machine.nodes.get(&node).unwrap(), "0");
    net.send_with(&[0; 60], Checksum::PseudoHeader).unwrap();
    for (flags, checked) in [
        (RxFlags::empty(), Checked::No),
        (RxFlags::DATA_VALIDATED, Checked::Right),
        (
            RxFlags::DATA_VALIDATED | RxFlags::CSUM_BLANK,
            Checked::Blank,
        ),
    ] {
        machine
            .wire
            .0
            .borrow_mut()
            .coming
            .push_back((frame(60, 0), flags));
        machine.world.step();
        let came = net.receive(&mut [0; FRAME_MAX]).unwrap().unwrap();
        assert_eq!(came.checked, checked);
    }
    let (_, flags) = machine.wire.0.borrow_mut().sent.pop_front().unwrap();
    assert_eq!(flags, TxFlags::CSUM_BLANK | TxFlags::DATA_VALIDATED);
}

#[test]
fn groups_are_joined_and_left() {
    let machine = machine();
    let group = MacAddress([1, 0, 0x5e, 0, 0, 1]);
    let mut net = connect(&machine);
    assert_eq!(net.join(group), Err(NetError::NotSupported));
    drop(net);
    let options = NetOptions {
        multicast: Multicast::Joined,
        ..NetOptions::default()
    };
    let mut net = connect_with(&machine, options);
    for _ in 0..500 {
        net.join(group).unwrap();
        net.leave(group).unwrap();
        machine.world.step();
    }
    let extras = std::mem::take(&mut machine.wire.0.borrow_mut().extras);
    assert_eq!(extras.len(), 1000);
    for (kind, extra) in [ExtraType::McastAdd, ExtraType::McastDel]
        .into_iter()
        .zip(&extras)
    {
        assert_eq!((extra.kind, extra.body), (kind.number(), group.0));
    }
    net.send(&[0; 60]).unwrap();
    machine.world.step();
    assert_eq!(net.can_send(), Ok(true));
}

#[test]
fn frames_of_several_parts_and_too_long_ones_are_thrown_away() {
    let machine = machine();
    let mut net = connect(&machine);
    let more = RxFlags::MORE_DATA;
    for (length, flags) in [
        (4000, more),
        (4000, more),
        (100, RxFlags::empty()),
        (13, RxFlags::empty()),
        (1000, RxFlags::empty()),
        (60, RxFlags::empty()),
    ] {
        machine
            .wire
            .0
            .borrow_mut()
            .coming
            .push_back((frame(length, 0), flags));
    }
    machine.world.step();
    let came = net.receive(&mut [0; 500]).unwrap().unwrap();
    assert_eq!(came.length, 60);
    assert_eq!(net.statistics().not_received, 5);
}

#[test]
fn everything_is_given_back_at_the_end() {
    let machine = machine();
    for _ in 0..3 {
        let mut net = connect(&machine);
        net.send(&[0; 60]).unwrap();
        net.close().unwrap();
        assert_eq!(machine.world.grants(), []);
        assert_eq!(machine.world.open_ports(), 0);
    }
    drop(connect(&machine));
    assert_eq!(machine.world.grants(), []);
}

#[test]
fn a_back_end_that_goes_away_closes_the_network() {
    let machine = machine();
    let mut net = connect(&machine);
    machine.wire.0.borrow_mut().stopped = true;
    machine.nodes.remove(BACK);
    machine.world.step();
    assert_eq!(net.sleep(u64::MAX), Err(NetError::Closed));
    assert_eq!(net.send(&[0; 60]), Err(NetError::Closed));
    assert_eq!(net.receive(&mut [0; 60]), Err(NetError::Closed));
}

#[test]
fn a_store_that_lies_gets_an_error() {
    let front = format!("{HOME}/{FRONT}");
    for (path, value) in [
        (format!("{front}/mac"), "00:16:3e"),
        (format!("{front}/mac"), ""),
        (format!("{front}/mtu"), "-1"),
        (format!("{BACK}/feature-rx-copy"), "maybe"),
    ] {
        let machine = machine();
        machine.nodes.set(&path, value);
        let error = Net::connect(&machine.store, 0, NetOptions::default()).unwrap_err();
        let is_bad = matches!(error, NetError::Device(DeviceError::BadNode(_)));
        assert!(is_bad, "{path}={value}: {error}");
        assert_eq!(machine.world.grants(), []);
    }
    let machine = machine();
    machine.nodes.set(&format!("{BACK}/feature-rx-copy"), "0");
    let error = Net::connect(&machine.store, 0, NetOptions::default()).unwrap_err();
    assert_eq!(error, NetError::NotSupported);
}

fn is_lie(error: &NetError) -> bool {
    matches!(error, NetError::Lied(_) | NetError::Ring(_))
}

#[test]
fn a_lie_about_what_was_sent_closes_the_network() {
    type Change = fn(TxResponse) -> Vec<TxResponse>;
    let lies: [Change; 6] = [
        |r| vec![TxResponse { id: r.id ^ 1, ..r }],
        |r| vec![TxResponse { id: u16::MAX, ..r }],
        |r| vec![TxResponse { status: 2, ..r }],
        |r| {
            vec![TxResponse {
                status: i16::MIN,
                ..r
            }]
        },
        // There were no entries without a packet.
        |r| {
            vec![TxResponse {
                status: TxResponse::NULL,
                ..r
            }]
        },
        |r| vec![r, r],
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        let machine = machine();
        let mut net = connect(&machine);
        machine.wire.0.borrow_mut().tx_lie = Some(Box::new(lie));
        net.send(&[0; 60]).unwrap();
        machine.world.step();
        let error = net.can_send().unwrap_err();
        assert!(is_lie(&error), "{index}: {error:?}");
        assert_eq!(net.send(&[0; 60]), Err(error.clone()));
        let told = machine.nodes.get(&format!("{HOME}/error/{FRONT}/error"));
        assert_eq!(told.unwrap(), error.to_string());
    }
}

#[test]
fn a_lie_about_what_came_closes_the_network() {
    type Change = fn(RxResponse) -> Vec<RxResponse>;
    let lies: [Change; 7] = [
        |r| {
            vec![RxResponse {
                id: r.id + 128,
                ..r
            }]
        },
        |r| vec![RxResponse { id: u16::MAX, ..r }],
        |r| vec![RxResponse { offset: 4096, ..r }],
        |r| vec![RxResponse { offset: 4090, ..r }],
        |r| {
            vec![RxResponse {
                status: i16::MAX,
                ..r
            }]
        },
        |r| {
            vec![RxResponse {
                flags: RxFlags::EXTRA_INFO,
                ..r
            }]
        },
        // Twice, where there was one request.
        |r| vec![RxResponse { status: 0, ..r }; 2],
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        let machine = machine();
        let mut net = connect(&machine);
        {
            let mut wire = machine.wire.0.borrow_mut();
            wire.rx_lie = Some(Box::new(lie));
            wire.coming.push_back((frame(60, 0), RxFlags::empty()));
        }
        machine.world.step();
        let mut buffer = [0; FRAME_MAX];
        let error = net.receive(&mut buffer).unwrap_err();
        assert!(is_lie(&error), "{index}: {error:?}");
        assert_eq!(net.send(&[0; 60]), Err(error));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the back end writes over the rings: each operation ends, with an error or not, and all
    /// is given back.
    #[test]
    fn scribbles_on_the_rings_are_survived(
        scribbles in scribble::some(20),
        ring in prop_oneof![Just("tx-ring-ref"), Just("rx-ring-ref")],
        multicast in prop_oneof![Just(Multicast::All), Just(Multicast::Joined)],
    ) {
        let machine = machine();
        let options = NetOptions { multicast, ..NetOptions::default() };
        let mut net = connect_with(&machine, options);
        let wire = machine.wire.clone();
        let mut scribbles = scribbles.into_iter();
        let reference = machine.nodes.get(&format!("{HOME}/{FRONT}/{ring}")).unwrap();
        let reference = reference.parse().unwrap();
        machine.world.add(move |world| {
            if let (Some(page), Some(scribble)) = (world.map(reference), scribbles.next()) {
                // Its own indices are wild as well then, so it stops.
                wire.0.borrow_mut().stopped = true;
                scribble.apply(&page);
            }
        });
        let mut buffer = [0; FRAME_MAX];
        for number in 0..20 {
            let _ = net.send(&frame(60 + number, 0));
            let _ = net.join(MacAddress([1; 6]));
            let _ = net.sleep(machine.world.now_ns() + 1);
            while let Ok(Some(frame)) = net.receive(&mut buffer) {
                prop_assert!(frame.length <= FRAME_MAX);
            }
        }
        drop(net);
        prop_assert_eq!(machine.world.grants(), Vec::<u32>::new());
        prop_assert_eq!(machine.world.open_ports(), 0);
    }

    /// Random responses, well-formed as such.
    #[test]
    fn random_responses_are_survived(
        sent in prop::collection::vec((0..70_u16, -3..3_i16), 1..40),
        came in prop::collection::vec((0..140_u16, 0..5000_u16, 0..32_u16, -3..5000_i16), 1..40),
    ) {
        let machine = machine();
        let mut net = connect(&machine);
        let (mut sent, mut came) = (sent.into_iter(), came.into_iter());
        {
            let mut wire = machine.wire.0.borrow_mut();
            wire.tx_lie = Some(Box::new(move |honest| {
                let random = sent.next().map(|(id, status)| TxResponse { id, status });
                vec![random.unwrap_or(honest)]
            }));
            wire.rx_lie = Some(Box::new(move |honest| {
                let random = came.next().map(|(id, offset, flags, status)| RxResponse {
                    id, offset, status, flags: RxFlags::from_bits_retain(flags),
                });
                vec![random.unwrap_or(honest)]
            }));
        }
        for _ in 0..40 {
            machine.wire.0.borrow_mut().coming.push_back((frame(100, 0), RxFlags::empty()));
            let _ = net.send(&[0; 60]);
            let _ = net.receive(&mut [0; 1000]);
            machine.world.step();
        }
    }
}
