//! `XENMEM_exchange` gives frames back and gets as many in other sizes, in one step: `public/memory.h`. Lesson 21: the lists
//! start behind what was exchanged already, and are checked there; sizes must agree, and a frame that is none is
//! refused.
#![no_std]
#![no_main]

use guests::memory::NOBODYS;
use guests::page::{page, remap};
use guests::reservation::current;
use guests::sdk::abi::memory::{MemoryExchange, MemoryReservation};
use guests::sdk::abi::{DomainId, Errno, GuestAddress};
use guests::sdk::hypercall::memory_exchange;
use guests::{Answer, Check, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

fn side(list: &mut [u64], order: u32) -> MemoryReservation {
    MemoryReservation {
        extent_start: GuestAddress::new(address_mut(list)),
        nr_extents: list.len() as u64,
        extent_order: order,
        domid: DomainId::SELF,
        ..MemoryReservation::default()
    }
}

fn exchange(argument: &mut MemoryExchange) -> Answer {
    #[expect(unsafe_code, reason = "gives frames back")]
    // SAFETY: the frames are mapped nowhere, and the lists are as long as they say.
    let result = unsafe { memory_exchange(argument) };
    result.into()
}

fn check() -> Check {
    let before = current()?;
    let mut give = [0_u64; 4];
    for frame in &mut give {
        let (place, own) = page()?;
        remap(place, 0)?;
        *frame = own.raw();
    }
    // In the output list stand the numbers that the new frames get.
    let mut get = [
        guests::sdk::memory::pfn_of(guests::sdk::abi::Mfn::new(give[0])).map_or(0, |pfn| pfn.raw()),
    ];
    let mut argument = MemoryExchange {
        input: side(&mut give, 0),
        output: side(&mut get, 2),
        nr_exchanged: 0,
    };
    granted("four small ones for a larger", exchange(&mut argument))?;
    equal("exchanged", argument.nr_exchanged, 4)?;
    ensure!(
        get[0].is_multiple_of(4),
        "the frame {:#x} is not aligned",
        get[0]
    );
    equal("pages", current()?, before)?;

    let mut bad = [NOBODYS.raw()];
    let mut out = [0_u64];
    let mut argument = MemoryExchange {
        input: side(&mut bad, 0),
        output: side(&mut out, 0),
        nr_exchanged: 0,
    };
    refused("nobody's", exchange(&mut argument), &[Errno::EINVAL])?;
    let mut argument = MemoryExchange {
        input: side(&mut give, 0),
        output: side(&mut get, 3),
        nr_exchanged: 0,
    };
    refused("other sizes", exchange(&mut argument), &[Errno::EINVAL])?;
    for offset in [1_u64 << 61, u64::MAX, 1 << 40] {
        let mut argument = MemoryExchange {
            input: side(&mut give, 0),
            output: side(&mut get, 2),
            nr_exchanged: offset,
        };
        let answer = exchange(&mut argument);
        ensure!(!answer.is_ok(), "an offset of {offset:#x}: {answer}");
    }
    equal("pages", current()?, before)
}
