//! Reservations name the node where memory should lie by a number in their flags, which may be of none: then memory comes
//! from elsewhere, or none comes where no other node will do: `public/memory.h`. Lesson 23: the number is not an index
//! before it was looked at, in any operation that takes one.
#![no_std]
#![no_main]

use guests::reservation::current;
use guests::sdk::abi::memory::{MemoryExchange, MemoryFlags, MemoryOp, MemoryReservation};
use guests::sdk::abi::{DomainId, GuestAddress, Hypercall};
use guests::{Answer, Check, address_mut, ask, ensure, equal, granted};

guests::rule!(check);

fn reservation(frames: &mut [u64], flags: u32) -> MemoryReservation {
    MemoryReservation {
        extent_start: GuestAddress::new(address_mut(frames)),
        nr_extents: frames.len() as u64,
        mem_flags: MemoryFlags::from_bits_retain(flags),
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    }
}

fn operate<T>(operation: MemoryOp, argument: &mut T) -> Answer {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    ask(Hypercall::MemoryOp, arguments)
}

fn check() -> Check {
    // Room in the domain's reservation: one page goes.
    let (place, own) = guests::page::page()?;
    guests::page::remap(place, 0)?;
    let mut frames = [own.raw()];
    let decrease = MemoryOp::DecreaseReservation;
    let gone = operate(decrease, &mut reservation(&mut frames, 0));
    equal("a page goes", granted("decrease", gone)?, 1)?;
    let before = current()?;
    let exact = MemoryFlags::EXACT_NODE_REQUEST.bits();
    for node in 0..=255 {
        for flags in [
            node << 8,
            node << 8 | exact,
            node << 8 | MemoryFlags::VNODE.bits(),
        ] {
            for operation in [MemoryOp::IncreaseReservation, MemoryOp::PopulatePhysmap] {
                let mut frames = [0];
                let answer = operate(operation, &mut reservation(&mut frames, flags));
                if answer.0 != 1 {
                    ensure!(answer.0 <= 0, "{operation} with flags {flags:#x}: {answer}");
                    continue;
                }
                let mut frames = core::hint::black_box(frames);
                let back = operate(decrease, &mut reservation(&mut frames, 0));
                equal("the page goes back", granted("decrease", back)?, 1)?;
            }
        }
        let mut none = [0];
        let mut exchange = MemoryExchange {
            input: reservation(&mut none, node << 8 | exact),
            output: reservation(&mut [0], node << 8 | exact),
            nr_exchanged: 1,
        };
        // Of what is exchanged already nothing is done.
        let _ = operate(MemoryOp::Exchange, &mut exchange);
    }
    equal("pages", current()?, before)
}
