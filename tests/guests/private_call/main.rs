//! Hypercall 49 is the architecture's own: on Ringwall it takes messages in a format that is not Xen's, and
//! garbage there gets an error and nothing else; on Xen it is `ENOSYS` or `EOPNOTSUPP`.
#![no_std]
#![no_main]

use guests::page::page;
use guests::sdk::abi::ringwall::{REPLY_MAX, REQUEST_MAX, Reply, Request, VERSION, decode, encode};
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, Verdict, address, address_mut, ask, ensure, equal, granted, refused};

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
    messages()?;
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

/// Messages that are some, where they are taken.
fn messages() -> Check {
    let number = Hypercall::Arch1;
    let (mut place, mut reply) = ([0_u8; REQUEST_MAX], [0_u8; REPLY_MAX]);
    let request = encode(&Request::Version, &mut place);
    let request = request.ok_or_else(|| Verdict::error("no room for a request"))?;
    let (at, length) = (address(request), request.len() as u64);
    let to = address_mut(&mut reply);
    let answer = ask(number, [at, length, to, REPLY_MAX as u64]);
    if answer.is_one_of(&[Errno::ENOSYS, Errno::EOPNOTSUPP]) {
        // It is Xen, which goes on there with operations of its own.
        return Ok(());
    }
    let written = usize::try_from(granted("its version", answer)?).unwrap_or(0);
    let told: Option<Reply> = reply.get(..written).and_then(decode);
    equal("its version", told, Some(Reply::Version(VERSION)))?;
    for (what, arguments, errno) in [
        ("no room for a reply", [at, length, to, 0], Errno::ENOBUFS),
        ("a reply at no place", [at, length, 0x10, 64], Errno::EFAULT),
        ("no request", [at, 0, to, 64], Errno::EINVAL),
        ("a request too long", [at, u64::MAX, to, 64], Errno::E2BIG),
    ] {
        refused(what, ask(number, arguments), &[errno])?;
    }
    Ok(())
}
