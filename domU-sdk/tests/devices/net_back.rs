//! A network's back end: a wire with the test at its other end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use ringwall_abi::io::netif::{
    ExtraInfo, RxFlags, RxRequest, RxResponse, TxFlags, TxRequest, TxResponse,
};
use ringwall_sdk::SharedPage;

use crate::store_back::{HOME, Nodes};
use crate::world::World;

pub(crate) const BACK: &str = "/local/domain/0/backend/vif/1/0";
pub(crate) const FRONT: &str = "device/vif/0";
pub(crate) const ADDRESS: &str = "00:16:3e:01:02:03";
/// Entries of both rings.
const ENTRIES: u32 = 256;

/// What the tests see of the wire. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Wire(pub(crate) Rc<RefCell<State>>);

/// Changes a response before it is written; may drop it.
pub(crate) type Lie<R> = Option<Box<dyn FnMut(R) -> Vec<R>>>;

#[derive(Default)]
pub(crate) struct State {
    /// Frames that the guest sent.
    pub(crate) sent: VecDeque<(Vec<u8>, TxFlags)>,
    /// Frames that the guest is to get.
    pub(crate) coming: VecDeque<(Vec<u8>, RxFlags)>,
    /// What the guest told of groups.
    pub(crate) extras: Vec<ExtraInfo>,
    pub(crate) tx_lie: Lie<TxResponse>,
    pub(crate) rx_lie: Lie<RxResponse>,
    /// The status that what is sent gets.
    pub(crate) status: i16,
    pub(crate) stopped: bool,
    tx: Half,
    rx: Half,
}

#[derive(Default)]
struct Half {
    ring: Option<SharedPage>,
    answered: u32,
    written: u32,
}

impl Half {
    fn produced(&self) -> u32 {
        let ring = self.ring.as_ref();
        ring.map_or(self.answered, |ring| ring.u32(0).load(Ordering::Acquire))
    }

    fn place(index: u32, stride: usize) -> usize {
        64 + (index % ENTRIES) as usize * stride
    }

    fn publish(&self) {
        if let Some(ring) = &self.ring {
            ring.u32(8).store(self.written, Ordering::Release);
        }
    }
}

/// A network, with its nodes in the store.
pub(crate) fn add(world: &World, nodes: &Nodes) -> Wire {
    let front = format!("{HOME}/{FRONT}");
    nodes.set(&format!("{front}/backend"), BACK);
    nodes.set(&format!("{front}/backend-id"), "0");
    nodes.set(&format!("{front}/state"), "1");
    nodes.set(&format!("{front}/mac"), ADDRESS);
    nodes.set(&format!("{BACK}/state"), "2");
    nodes.set(&format!("{BACK}/feature-rx-copy"), "1");
    nodes.set(&format!("{BACK}/feature-multicast-control"), "1");
    let wire = Wire::default();
    let (other, nodes) = (wire.clone(), nodes.clone());
    world.add(move |world| other.run(world, &nodes));
    wire
}

impl Wire {
    fn run(&self, world: &World, nodes: &Nodes) {
        let front = format!("{HOME}/{FRONT}");
        let state = |path: &str| nodes.get(&format!("{path}/state")).unwrap_or_default();
        let mut wire = self.0.borrow_mut();
        match (state(&front).as_str(), state(BACK).as_str()) {
            ("4", "2") => {
                let ring = |name: &str| {
                    let reference = nodes.get(&format!("{front}/{name}")).unwrap();
                    Half {
                        ring: world.map(reference.parse().unwrap()),
                        ..Half::default()
                    }
                };
                wire.tx = ring("tx-ring-ref");
                wire.rx = ring("rx-ring-ref");
                nodes.set(&format!("{BACK}/state"), "4");
            }
            ("4", "4") if !wire.stopped => {
                wire.take(world);
                wire.give(world);
            }
            ("5", "4") => nodes.set(&format!("{BACK}/state"), "5"),
            ("6", "4" | "5") => {
                (wire.tx, wire.rx) = (Half::default(), Half::default());
                nodes.set(&format!("{BACK}/state"), "6");
            }
            ("1", "6") => nodes.set(&format!("{BACK}/state"), "2"),
            _ => {}
        }
    }
}

impl State {
    /// What the guest sends.
    fn take(&mut self, world: &World) {
        let produced = self.tx.produced();
        let mut responses = Vec::new();
        let Some(ring) = self.tx.ring.take() else {
            return;
        };
        while self.tx.answered != produced {
            let place = Half::place(self.tx.answered, 12);
            let request: TxRequest = ring.read_value(place).unwrap();
            self.tx.answered += 1;
            let response = TxResponse {
                id: request.id,
                status: self.status,
            };
            responses.push(response);
            if request.flags.contains(TxFlags::EXTRA_INFO) {
                let place = Half::place(self.tx.answered, 12);
                self.extras.push(ring.read_value(place).unwrap());
                self.tx.answered += 1;
                responses.push(TxResponse {
                    id: 0xdead,
                    status: TxResponse::NULL,
                });
                continue;
            }
            let mut frame = vec![0; usize::from(request.size)];
            let page = world.map(request.gref).expect("no such grant");
            page.read(usize::from(request.offset), &mut frame).unwrap();
            self.sent.push_back((frame, request.flags));
        }
        for response in responses {
            let all = match &mut self.tx_lie {
                Some(lie) => lie(response),
                None => vec![response],
            };
            for response in all {
                let place = Half::place(self.tx.written, 12);
                ring.write_value(place, &response).unwrap();
                self.tx.written = self.tx.written.wrapping_add(1);
            }
        }
        self.tx.ring = Some(ring);
        self.tx.publish();
    }

    /// What the guest gets.
    fn give(&mut self, world: &World) {
        let produced = self.rx.produced();
        let Some(ring) = self.rx.ring.take() else {
            return;
        };
        while self.rx.answered != produced {
            let Some((frame, flags)) = self.coming.pop_front() else {
                break;
            };
            let place = Half::place(self.rx.answered, 8);
            let request: RxRequest = ring.read_value(place).unwrap();
            self.rx.answered += 1;
            assert!(world.writable(request.gref));
            let page = world.map(request.gref).expect("no such grant");
            page.write(0, &frame).unwrap();
            let response = RxResponse {
                id: request.id,
                offset: 0,
                flags,
                status: frame.len().try_into().unwrap(),
            };
            let all = match &mut self.rx_lie {
                Some(lie) => lie(response),
                None => vec![response],
            };
            for response in all {
                let place = Half::place(self.rx.written, 8);
                ring.write_value(place, &response).unwrap();
                self.rx.written = self.rx.written.wrapping_add(1);
            }
        }
        self.rx.ring = Some(ring);
        self.rx.publish();
    }
}
