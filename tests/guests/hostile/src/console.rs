//! Scribbles over the console's ring, and floods it.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use ringwall_sdk::abi::io::console::ConsoleRing;
use ringwall_sdk::{hypercall, print, println, time};

use crate::options::Options;
use crate::pages;
use guests::random::Random;

const INDICES: [usize; 4] = [
    offset_of!(ConsoleRing, in_cons),
    offset_of!(ConsoleRing, in_prod),
    offset_of!(ConsoleRing, out_cons),
    offset_of!(ConsoleRing, out_prod),
];

/// Indices and garbage, for ever.
pub(crate) fn scribble(options: &Options) {
    let Some((page, port)) = pages::console() else {
        return;
    };
    println!("HOSTILE console-ring begins");
    let mut random = Random::new(options.seed);
    for round in 0_u64.. {
        let index = usize::try_from(random.below(4)).unwrap_or(0);
        let offset = INDICES.get(index).copied().unwrap_or(0);
        page.u32(offset).store(random.word(), Ordering::Release);
        let byte = (random.next() & 0xff) as u8;
        let place = usize::try_from(random.below(3072)).unwrap_or(0);
        let _ = page.write(place, &[byte]);
        let _ = hypercall::event_send(port);
        if round % 4096 == 0 {
            time::sleep_until(time::monotonic_ns() + 1_000_000);
        }
    }
}

/// Lines as fast as they are taken, and among them one without an end.
pub(crate) fn flood() {
    for round in 0_u64.. {
        println!("FLOOD {round} {:-<100}", "");
        if round % 1000 == 0 {
            for _ in 0..100 {
                print!("{:=<100}", "");
            }
            println!();
        }
    }
}
