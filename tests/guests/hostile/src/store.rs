//! Scribbles over the store's ring: indices, lengths, garbage, and requests that are nearly right.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use ringwall_sdk::abi::Port;
use ringwall_sdk::abi::io::xs_wire::{MessageHeader, StoreRing};
use ringwall_sdk::{SharedPage, hypercall, println, time};

use crate::options::Options;
use crate::pages;
use guests::random::Random;

/// Words of the page that are not bytes of a message.
const WORDS: [usize; 7] = [
    offset_of!(StoreRing, req_cons),
    offset_of!(StoreRing, req_prod),
    offset_of!(StoreRing, rsp_cons),
    offset_of!(StoreRing, rsp_prod),
    offset_of!(StoreRing, server_features),
    offset_of!(StoreRing, connection),
    offset_of!(StoreRing, error),
];

/// Does so for ever.
pub(crate) fn scribble(options: &Options) {
    let Some((page, port)) = pages::store() else {
        println!("HOSTILE no store");
        return;
    };
    let mut random = Random::new(options.seed);
    for round in 0_u64.. {
        for _ in 0..64 {
            step(&page, port, &mut random);
        }
        if round % 64 == 0 {
            println!("HOSTILE store-ring round {round}");
            // Others get a turn, and the ring is served in many of its states.
            time::sleep_until(time::monotonic_ns() + 1_000_000);
        }
    }
}

fn step(page: &SharedPage, port: Port, random: &mut Random) {
    match random.below(8) {
        0 => {
            let index = usize::try_from(random.below(WORDS.len() as u64)).unwrap_or(0);
            let offset = WORDS.get(index).copied().unwrap_or(0);
            page.u32(offset).store(random.word(), Ordering::Release);
        }
        1 => garbage(page, random),
        // The connection starts anew: a ring that was given up is served again.
        2 => page
            .u32(offset_of!(StoreRing, connection))
            .store(1, Ordering::Release),
        // Answers are taken, all of them.
        3 => {
            let sent = page.u32(offset_of!(StoreRing, rsp_prod));
            let taken = page.u32(offset_of!(StoreRing, rsp_cons));
            taken.store(sent.load(Ordering::Acquire), Ordering::Release);
        }
        _ => request(page, random),
    }
    // It answers nothing that this guest waits for.
    let _ = hypercall::event_send(port);
}

fn garbage(page: &SharedPage, random: &mut Random) {
    let mut bytes = [0; 64];
    for byte in &mut bytes {
        *byte = (random.next() & 0xff) as u8;
    }
    let offset = usize::try_from(random.below(2 * 1024 - 64)).unwrap_or(0);
    let _ = page.write(offset, &bytes);
}

/// A request of any kind and length, with a path, garbage or nothing in it, put behind those that are there.
fn request(page: &SharedPage, random: &mut Random) {
    let payloads: [&[u8]; 6] = [
        b"/local/domain/0\0",
        b"data/x\0value",
        b"\0\0\0\0",
        b"/\0token\0",
        b"@releaseDomain\0\0",
        b"",
    ];
    let index = usize::try_from(random.below(payloads.len() as u64)).unwrap_or(0);
    let payload = payloads.get(index).copied().unwrap_or_default();
    let right = u32::try_from(payload.len()).unwrap_or(0);
    let header = MessageHeader {
        kind: u32::try_from(random.below(28)).unwrap_or(0),
        req_id: random.word(),
        tx_id: u32::try_from(random.below(4)).unwrap_or(0),
        len: match random.below(4) {
            0 => random.word(),
            _ => right,
        },
    };
    let produced = page.u32(offset_of!(StoreRing, req_prod));
    let mut place = produced.load(Ordering::Acquire);
    let words = [header.kind, header.req_id, header.tx_id, header.len];
    let bytes = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .chain(payload.iter().copied());
    for byte in bytes {
        let offset = place as usize % StoreRing::SIZE;
        let _ = page.write(offset_of!(StoreRing, req) + offset, &[byte]);
        place = place.wrapping_add(1);
    }
    produced.store(place, Ordering::Release);
}
