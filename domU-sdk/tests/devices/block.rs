//! Disks.

use proptest::prelude::*;
use ringwall_abi::io::blkif::{BlockOp, BlockResponse};
use ringwall_abi::io::xenbus::DeviceState;
use ringwall_sdk::block::{Block, BlockError, REQUEST_BYTES, Writes};
use ringwall_sdk::xenbus::{DeviceError, Store};

use crate::block_back::{self, BACK, Disk, FRONT};
use crate::scribble;
use crate::store_back::{self, HOME, Nodes};
use crate::world::World;

const MIB: usize = 1 << 20;

struct Machine {
    world: World,
    store: Store<World>,
    nodes: Nodes,
    disk: Disk,
}

fn machine() -> Machine {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    let disk = block_back::add(&world, &nodes, MIB);
    Machine {
        world,
        store,
        nodes,
        disk,
    }
}

fn connect(machine: &Machine) -> Block<World> {
    Block::connect(&machine.store, 768).unwrap()
}

fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|index| (index / 512) as u8 ^ index as u8 ^ seed)
        .collect()
}

#[test]
fn it_is_found_and_described() {
    let machine = machine();
    assert_eq!(Block::list(&machine.store).unwrap(), [768]);
    let disk = connect(&machine);
    let geometry = disk.geometry();
    assert_eq!(geometry.bytes(), MIB as u64);
    assert_eq!(geometry.sector_bytes, 512);
    assert_eq!(geometry.writes, Writes::Allowed);
    assert!(geometry.flush && geometry.discard);
    let front = |name: &str| machine.nodes.get(&format!("{HOME}/{FRONT}/{name}"));
    assert_eq!(front("state").unwrap(), "4");
    assert_eq!(front("protocol").unwrap(), "x86_64-abi");
}

#[test]
fn what_is_written_is_read_whatever_its_length() {
    let machine = machine();
    let mut disk = connect(&machine);
    for (offset, length) in [
        (0, 512),
        (512, 4096),
        (1024, 45056),
        (4096, 45568),
        (0, MIB),
    ] {
        let data = pattern(length, 3);
        disk.write(offset, &data).unwrap();
        let at = usize::try_from(offset).unwrap();
        assert_eq!(machine.disk.0.borrow().data[at..at + length], data);
        let mut read = vec![0; length];
        disk.read(offset, &mut read).unwrap();
        assert!(read == data, "{offset} {length}");
    }
    disk.flush().unwrap();
    assert_eq!(
        machine.disk.0.borrow().seen.last(),
        Some(&BlockOp::FlushDiskcache)
    );
    disk.discard(0, 4096).unwrap();
    assert_eq!(machine.disk.0.borrow().data[..4096], [0; 4096]);
}

#[test]
fn requests_that_make_no_sense_are_not_sent() {
    let machine = machine();
    let mut disk = connect(&machine);
    let end = MIB as u64;
    for (offset, length, error) in [
        (1, 512, BlockError::Misaligned),
        (0, 511, BlockError::Misaligned),
        (0, 0, BlockError::Misaligned),
        (end, 512, BlockError::OutOfRange),
        (end - 512, 1024, BlockError::OutOfRange),
        (u64::MAX - 511, 512, BlockError::OutOfRange),
    ] {
        assert_eq!(disk.read(offset, &mut vec![0; length]), Err(error.clone()));
        assert_eq!(disk.write(offset, &vec![0; length]), Err(error));
    }
    let too_long = disk.submit_read(0, REQUEST_BYTES + 512);
    assert_eq!(too_long, Err(BlockError::Misaligned));
    assert!(machine.disk.0.borrow().seen.is_empty());
}

#[test]
fn sectors_of_4096_bytes_are_kept_to() {
    let machine = machine();
    machine.nodes.set(&format!("{BACK}/sector-size"), "4096");
    let mut disk = connect(&machine);
    assert_eq!(disk.write(512, &[0; 4096]), Err(BlockError::Misaligned));
    disk.write(4096, &pattern(8192, 1)).unwrap();
    assert_eq!(machine.disk.0.borrow().data[4096..12288], pattern(8192, 1));
}

#[test]
fn a_disk_that_can_only_be_read_is_not_written() {
    let machine = machine();
    machine.nodes.set(&format!("{BACK}/info"), "4");
    machine
        .nodes
        .set(&format!("{BACK}/feature-flush-cache"), "0");
    machine.nodes.remove(&format!("{BACK}/feature-discard"));
    let mut disk = connect(&machine);
    assert_eq!(disk.write(0, &[0; 512]), Err(BlockError::ReadOnly));
    assert_eq!(disk.discard(0, 512), Err(BlockError::ReadOnly));
    assert_eq!(disk.flush(), Err(BlockError::NotSupported));
    disk.read(0, &mut [0; 512]).unwrap();
}

#[test]
fn requests_without_waiting_come_back_in_any_order() {
    let machine = machine();
    machine.disk.0.borrow_mut().data = pattern(MIB, 9);
    let mut disk = connect(&machine);
    let first = disk.submit_read(0, 512).unwrap();
    let second = disk.submit_read(8192, 1024).unwrap();
    assert_eq!(disk.finish(first, &mut [0; 512]), Ok(None));
    machine.world.step();
    let mut buffer = [0; 1024];
    assert_eq!(disk.finish(second, &mut buffer), Ok(Some(())));
    assert_eq!(buffer, pattern(MIB, 9)[8192..9216]);
    assert_eq!(disk.finish(first, &mut buffer), Err(BlockError::BadToken));
    assert_eq!(disk.finish(first, &mut buffer[..512]), Ok(Some(())));
    assert_eq!(
        disk.finish(first, &mut buffer[..512]),
        Err(BlockError::BadToken)
    );
}

#[test]
fn results_that_nobody_takes_end_in_busy_not_in_waiting() {
    let machine = machine();
    let mut disk = connect(&machine);
    let mut tokens = Vec::new();
    while let Ok(token) = disk.submit_write(0, &[0; 512]) {
        tokens.push(token);
    }
    assert_eq!(tokens.len(), 32);
    assert_eq!(disk.flush(), Err(BlockError::Busy));
    disk.forget(tokens[0]);
    disk.flush().unwrap();
}

#[test]
fn a_disk_that_fails_fails_this_request_alone() {
    let machine = machine();
    let mut disk = connect(&machine);
    for (status, error) in [
        (BlockResponse::ERROR, BlockError::Failed),
        (BlockResponse::NOT_SUPPORTED, BlockError::NotSupported),
    ] {
        machine.disk.0.borrow_mut().status = status;
        assert_eq!(disk.write(0, &[1; MIB]), Err(error.clone()));
        assert_eq!(disk.read(0, &mut [1; 512]), Err(error));
        machine.disk.0.borrow_mut().status = BlockResponse::OKAY;
        disk.write(0, &[1; MIB]).unwrap();
    }
}

#[test]
fn a_back_end_that_does_not_answer_is_not_waited_for_for_ever() {
    let machine = machine();
    let mut disk = connect(&machine);
    machine.disk.0.borrow_mut().works = false;
    assert_eq!(disk.read(0, &mut [0; 512]), Err(BlockError::TimedOut));
    // The late answer is nobody's, and the disk works.
    machine.disk.0.borrow_mut().works = true;
    disk.write(0, &pattern(MIB, 5)).unwrap();
    assert_eq!(machine.disk.0.borrow().data, pattern(MIB, 5));
}

#[test]
fn a_back_end_that_goes_away_closes_the_disk() {
    let machine = machine();
    let mut disk = connect(&machine);
    machine.disk.0.borrow_mut().works = false;
    machine.nodes.set(&format!("{BACK}/state"), "5");
    assert_eq!(disk.read(0, &mut [0; 512]), Err(BlockError::Closed));
}

#[test]
fn everything_is_given_back_at_the_end() {
    let machine = machine();
    for _ in 0..3 {
        let mut disk = connect(&machine);
        disk.write(0, &pattern(MIB, 1)).unwrap();
        disk.close().unwrap();
        assert_eq!(machine.world.grants(), []);
        assert_eq!(machine.world.open_ports(), 0);
        assert_eq!(machine.nodes.get(&format!("{BACK}/state")).unwrap(), "6");
    }
    drop(connect(&machine));
    assert_eq!(machine.world.grants(), []);
}

#[test]
fn pages_that_the_back_end_keeps_are_lost_not_reused() {
    let machine = machine();
    let disk = connect(&machine);
    machine.world.hold_all();
    disk.close().unwrap();
    // 64 for data, one for the ring: still the back end's, still memory.
    let grants = machine.world.grants();
    assert_eq!(grants.len(), 65);
    for grant in grants {
        machine
            .world
            .map(grant)
            .unwrap()
            .write(0, &[1; 4096])
            .unwrap();
    }
}

/// Nodes that make no sense.
#[test]
fn a_store_that_lies_gets_an_error() {
    let front = format!("{HOME}/{FRONT}");
    for (path, value) in [
        (format!("{front}/backend"), "not a path"),
        (format!("{front}/backend-id"), "32752"),
        (format!("{front}/backend-id"), "-1"),
        (format!("{front}/backend-id"), ""),
        (format!("{BACK}/state"), "99"),
        (format!("{BACK}/state"), "connected"),
        (format!("{BACK}/sectors"), "many"),
        (format!("{BACK}/sectors"), "18446744073709551615"),
        (format!("{BACK}/sector-size"), "0"),
        (format!("{BACK}/sector-size"), "513"),
        (format!("{BACK}/sector-size"), "8192"),
        (format!("{BACK}/feature-discard"), "yes"),
        (format!("{BACK}/info"), "disk"),
    ] {
        let machine = machine();
        machine.nodes.set(&path, value);
        let result = Block::connect(&machine.store, 768);
        let error = result.expect_err(&format!("{path}={value}"));
        let is_bad = matches!(error, BlockError::Device(DeviceError::BadNode(_)));
        assert!(is_bad, "{path}={value}: {error}");
        assert_eq!(machine.world.grants(), []);
        assert_eq!(machine.world.open_ports(), 0);
    }
    let machine = machine();
    let absent = Block::connect(&machine.store, 769).unwrap_err();
    assert_eq!(absent, BlockError::Device(DeviceError::Absent));
    machine.nodes.remove(&format!("{BACK}/sectors"));
    assert!(Block::connect(&machine.store, 768).is_err());
}

#[test]
fn a_back_end_that_never_connects_is_given_up() {
    let machine = machine();
    machine.nodes.set(&format!("{BACK}/state"), "1");
    let late = Block::connect(&machine.store, 768).unwrap_err();
    assert_eq!(late, BlockError::Device(DeviceError::TimedOut));
    let error = machine.nodes.get(&format!("{HOME}/error/{FRONT}/error"));
    assert_eq!(error.unwrap(), late.to_string());
    machine.nodes.set(&format!("{BACK}/state"), "2");
    // It closes when it sees what the front end wrote.
    let nodes = machine.nodes.clone();
    machine.world.add(move |_| {
        if nodes.get(&format!("{HOME}/{FRONT}/state")).as_deref() == Some("3") {
            nodes.set(&format!("{BACK}/state"), "5");
        }
    });
    let closed = Block::connect(&machine.store, 768).unwrap_err();
    let expected = DeviceError::WrongState(DeviceState::Closing);
    assert_eq!(closed, BlockError::Device(expected));
    assert_eq!(machine.world.grants(), []);
}

#[test]
fn a_lie_closes_the_disk() {
    type Change = fn(BlockResponse) -> Vec<BlockResponse>;
    let lies: [Change; 7] = [
        |r| vec![BlockResponse { id: r.id + 1, ..r }],
        |r| vec![BlockResponse { id: u64::MAX, ..r }],
        |r| {
            vec![BlockResponse {
                operation: BlockOp::Write.number(),
                ..r
            }]
        },
        |r| {
            vec![BlockResponse {
                operation: 0xff,
                ..r
            }]
        },
        |r| vec![BlockResponse { status: 1, ..r }],
        |r| {
            vec![BlockResponse {
                status: i16::MIN,
                ..r
            }]
        },
        // Twice, where there was one request.
        |r| vec![r, r],
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        let machine = machine();
        let mut disk = connect(&machine);
        machine.disk.0.borrow_mut().lie = Box::new(lie);
        let error = disk.read(0, &mut [0; 512]).unwrap_err();
        let is_lie = matches!(error, BlockError::Lied(_) | BlockError::Ring(_));
        assert!(is_lie, "{index}: {error:?}");
        // It stays closed, and the toolstack can read why.
        assert_eq!(disk.read(0, &mut [0; 512]), Err(error.clone()));
        assert_eq!(disk.submit_flush(), Err(error.clone()));
        let told = machine.nodes.get(&format!("{HOME}/error/{FRONT}/error"));
        assert_eq!(told.unwrap(), error.to_string());
        let state = machine.nodes.get(&format!("{HOME}/{FRONT}/state"));
        assert_eq!(state.unwrap(), "5");
    }
}

#[test]
fn a_second_response_to_a_request_is_a_lie_also_when_another_is_out() {
    let machine = machine();
    let mut disk = connect(&machine);
    let mut last = None;
    machine.disk.0.borrow_mut().lie = Box::new(move |response| {
        // The first one's response again, instead of the second one's.
        vec![*last.get_or_insert(response)]
    });
    let first = disk.submit_read(0, 512).unwrap();
    let _second = disk.submit_read(0, 512).unwrap();
    machine.world.step();
    let error = disk.finish(first, &mut [0; 512]).unwrap_err();
    assert!(matches!(error, BlockError::Lied(_)), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the back end writes over the ring: each operation ends, with an error or not, and all
    /// is given back.
    #[test]
    fn scribbles_on_the_ring_are_survived(
        scribbles in scribble::some(20),
        works: bool,
    ) {
        let machine = machine();
        let mut disk = connect(&machine);
        let state = machine.disk.clone();
        let mut scribbles = scribbles.into_iter();
        machine.disk.0.borrow_mut().works = works;
        let reference = machine.nodes.get(&format!("{HOME}/{FRONT}/ring-ref")).unwrap();
        let reference = reference.parse().unwrap();
        machine.world.add(move |world| {
            if let (Some(page), Some(scribble)) = (world.map(reference), scribbles.next()) {
                // Its own indices are wild as well then, so it stops.
                state.0.borrow_mut().works = false;
                scribble.apply(&page);
            }
        });
        let mut buffer = vec![0; 100_000 / 512 * 512];
        for _ in 0..3 {
            let _ = disk.read(0, &mut buffer);
            let _ = disk.write(4096, &buffer);
            let _ = disk.flush();
            let _ = disk.discard(0, 512);
            if let Ok(token) = disk.submit_read(0, 512) {
                let _ = disk.finish(token, &mut buffer[..512]);
            }
        }
        drop(disk);
        prop_assert_eq!(machine.world.grants(), Vec::<u32>::new());
        prop_assert_eq!(machine.world.open_ports(), 0);
    }

    /// Random responses, well-formed as such.
    #[test]
    fn random_responses_are_survived(
        responses in prop::collection::vec((0..40_u64, 0..8_u8, -3..3_i16), 1..40),
    ) {
        let machine = machine();
        let mut disk = connect(&machine);
        let mut responses = responses.into_iter();
        machine.disk.0.borrow_mut().lie = Box::new(move |honest| {
            let random = responses.next().map(|(id, operation, status)| BlockResponse {
                id, operation, status, ..BlockResponse::default()
            });
            vec![random.unwrap_or(honest)]
        });
        for number in 0..40_u8 {
            let _ = disk.write(0, &[number; 512]);
            let _ = disk.submit_read(0, 4096);
            let _ = disk.read(0, &mut [0; 4096]);
        }
    }

    /// Operations at random against an honest back end do what they do to an array.
    #[test]
    fn a_disk_is_an_array(
        operations in prop::collection::vec((0..2048_u64, 1..200_usize, any::<u8>(), 0..3), 1..20),
    ) {
        let machine = machine();
        let mut disk = connect(&machine);
        let mut model = vec![0; MIB];
        for (sector, sectors, seed, operation) in operations {
            let at = usize::try_from(sector).unwrap() * 512;
            let length = (sectors * 512).min(MIB - at);
            match operation {
                0 => {
                    let data = pattern(length, seed);
                    disk.write(sector * 512, &data).unwrap();
                    model[at..at + length].copy_from_slice(&data);
                }
                1 => {
                    disk.discard(sector * 512, length as u64).unwrap();
                    model[at..at + length].fill(0);
                }
                _ => {
                    let mut data = vec![0; length];
                    disk.read(sector * 512, &mut data).unwrap();
                    prop_assert!(data == model[at..at + length]);
                }
            }
        }
    }
}
