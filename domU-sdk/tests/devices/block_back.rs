//! A disk's back end: an honest one, that can be told to lie.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use ringwall_abi::io::blkif::{BlockOp, BlockRequest, BlockResponse, DiscardRequest};
use ringwall_sdk::SharedPage;
use ringwall_sdk::device::Platform;
use zerocopy::{FromBytes, IntoBytes};

use crate::store_back::{HOME, Nodes};
use crate::world::World;

pub(crate) const BACK: &str = "/local/domain/0/backend/vbd/1/768";
pub(crate) const FRONT: &str = "device/vbd/768";
/// Bytes of the entries of the ring.
const STRIDE: usize = 112;

/// Changes a response before it is written; may drop it.
pub(crate) type Lie = Box<dyn FnMut(BlockResponse) -> Vec<BlockResponse>>;

/// What the tests see of the disk. Copies are the same.
#[derive(Clone)]
pub(crate) struct Disk(pub(crate) Rc<RefCell<State>>);

pub(crate) struct State {
    pub(crate) data: Vec<u8>,
    /// How each request ended.
    pub(crate) status: i16,
    pub(crate) lie: Lie,
    /// Answers requests.
    pub(crate) works: bool,
    /// What was done, in order.
    pub(crate) seen: Vec<BlockOp>,
    pub(crate) ring: Option<SharedPage>,
    answered: u32,
    written: u32,
}

/// A disk of as many bytes, with its nodes in the store.
pub(crate) fn add(world: &World, nodes: &Nodes, bytes: usize) -> Disk {
    let front = format!("{HOME}/{FRONT}");
    nodes.set(&format!("{front}/backend"), BACK);
    nodes.set(&format!("{front}/backend-id"), "0");
    nodes.set(&format!("{front}/state"), "1");
    nodes.set(&format!("{BACK}/state"), "2");
    nodes.set(&format!("{BACK}/feature-flush-cache"), "1");
    nodes.set(&format!("{BACK}/feature-discard"), "1");
    nodes.set(&format!("{BACK}/sectors"), &(bytes / 512).to_string());
    nodes.set(&format!("{BACK}/sector-size"), "512");
    nodes.set(&format!("{BACK}/info"), "0");
    let disk = Disk(Rc::new(RefCell::new(State {
        data: vec![0; bytes],
        status: BlockResponse::OKAY,
        lie: Box::new(|response| vec![response]),
        works: true,
        seen: Vec::new(),
        ring: None,
        answered: 0,
        written: 0,
    })));
    let (other, nodes) = (disk.clone(), nodes.clone());
    world.add(move |world| other.run(world, &nodes));
    disk
}

impl Disk {
    fn run(&self, world: &World, nodes: &Nodes) {
        let front = format!("{HOME}/{FRONT}");
        let state = |path: &str| nodes.get(&format!("{path}/state")).unwrap_or_default();
        let mut disk = self.0.borrow_mut();
        match (state(&front).as_str(), state(BACK).as_str()) {
            ("3", "2") => {
                let reference = nodes.get(&format!("{front}/ring-ref")).unwrap();
                disk.ring = world.map(reference.parse().unwrap());
                nodes.set(&format!("{BACK}/state"), "4");
            }
            ("4", "4") if disk.works => disk.serve(world),
            ("5", "4") => nodes.set(&format!("{BACK}/state"), "5"),
            ("6", "4" | "5") => {
                disk.ring = None;
                nodes.set(&format!("{BACK}/state"), "6");
            }
            ("1", "6") => {
                (disk.answered, disk.written) = (0, 0);
                nodes.set(&format!("{BACK}/state"), "2");
            }
            _ => {}
        }
    }
}

impl State {
    fn serve(&mut self, world: &World) {
        let Some(ring) = self.ring.take() else { return };
        let produced = ring.u32(0).load(Ordering::Acquire);
        let mut responses = Vec::new();
        while self.answered != produced {
            let place = 64 + (self.answered % 32) as usize * STRIDE;
            let request: BlockRequest = ring.read_value(place).unwrap();
            let response = BlockResponse {
                id: request.id,
                operation: request.operation,
                status: self.act(world, &request),
                ..BlockResponse::default()
            };
            responses.extend((self.lie)(response));
            self.answered = self.answered.wrapping_add(1);
        }
        for response in responses {
            let place = 64 + (self.written % 32) as usize * STRIDE;
            ring.write_value(place, &response).unwrap();
            self.written = self.written.wrapping_add(1);
        }
        ring.u32(8).store(self.written, Ordering::Release);
        self.ring = Some(ring);
    }

    fn act(&mut self, world: &World, request: &BlockRequest) -> i16 {
        let operation = BlockOp::try_from(request.operation).expect("an unknown operation");
        self.seen.push(operation);
        if self.status != BlockResponse::OKAY {
            return self.status;
        }
        let mut at = usize::try_from(request.sector_number).unwrap() * 512;
        match operation {
            BlockOp::Read | BlockOp::Write => {
                assert!(request.nr_segments > 0, "no segments");
                for segment in &request.seg[..usize::from(request.nr_segments)] {
                    assert!(segment.first_sect <= segment.last_sect && segment.last_sect < 8);
                    let offset = usize::from(segment.first_sect) * 512;
                    let length = usize::from(segment.last_sect - segment.first_sect + 1) * 512;
                    let page = world.map(segment.gref).expect("no such grant");
                    let data = &mut self.data[at..at + length];
                    if operation == BlockOp::Read {
                        assert!(world.writable(segment.gref));
                        page.write(offset, data).unwrap();
                    } else {
                        page.read(offset, data).unwrap();
                    }
                    at += length;
                }
            }
            BlockOp::Discard => {
                let request = DiscardRequest::read_from_prefix(request.as_bytes())
                    .unwrap()
                    .0;
                let length = usize::try_from(request.nr_sectors).unwrap() * 512;
                self.data[at..at + length].fill(0);
            }
            BlockOp::FlushDiskcache => assert_eq!(request.nr_segments, 0),
            _ => panic!("{operation}"),
        }
        let _ = world.now_ns();
        BlockResponse::OKAY
    }
}
