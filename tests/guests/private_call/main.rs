//! Hypercall 49 is the architecture's own: on Ringwall it takes messages in a format that is not Xen's, and
//! garbage there gets an error and nothing else; on Xen it is `ENOSYS`.
#![no_std]
#![no_main]

use guests::page::page;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, ensure, refused};

guests::rule!(check);

fn check() -> Check {
    let number = Hypercall::Arch1;
    let (garbage, _) = page()?;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..500 {
        for word in 0..8 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            garbage
                .u64(word * 8)
                .store(seed, core::sync::atomic::Ordering::SeqCst);
        }
        let length = seed % 64;
        let answer = ask(
            number,
            [
                garbage.address(),
                length,
                garbage.address() + 2048,
                seed >> 40,
            ],
        );
        ensure!(
            answer.0 < 4096 && answer.0 > -4096,
            "round {round}: {answer}"
        );
    }
    for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        let answer = ask(number, [place, 16, place, 16]);
        refused(
            "no message",
            answer,
            &[Errno::EFAULT, Errno::ENOSYS, Errno::EINVAL],
        )?;
    }
    Ok(())
}
