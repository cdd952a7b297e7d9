//! `XEN_SYSCTL_readconsole` copies what the hypervisor has logged: from the start, or from where the one before ended, and
//! empties it where it is asked to. `public/sysctl.h`. No more is written than there is room for.
#![no_std]
#![no_main]

use guests::control::sysctl;
use guests::sdk::abi::sysctl::{ReadConsole, SysctlOp};
use guests::sdk::abi::{Errno, GuestAddress};
use guests::{Answer, Check, Verdict, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

fn read(
    buffer: &mut [u8],
    count: u32,
    clear: u8,
    incremental: u8,
    index: u32,
) -> (Answer, ReadConsole) {
    let mut request = ReadConsole {
        clear,
        incremental,
        index,
        buffer: GuestAddress::new(address_mut(buffer)),
        count,
        ..ReadConsole::default()
    };
    (sysctl(SysctlOp::ReadConsole, &mut request), request)
}

fn check() -> Check {
    let mut text = [0xa5_u8; 4096];
    let (answer, first) = read(&mut text, 100, 0, 0, 0);
    granted("readconsole", answer)?;
    equal("bytes", first.count, 100)?;
    ensure!(
        text[..100].iter().all(|byte| *byte != 0xa5)
            && text[100..].iter().all(|byte| *byte == 0xa5),
        "not 100 bytes were written"
    );
    let mut whole = [0_u8; 4096];
    granted("the whole", read(&mut whole, 4096, 0, 0, 0).0)?;
    ensure!(
        whole[..100] == text[..100],
        "two reads from the start differ"
    );
    let (answer, next) = read(&mut text, 50, 0, 1, first.index);
    granted("the next", answer)?;
    ensure!(next.count <= 50, "{} bytes", next.count);
    let count = usize::try_from(next.count).unwrap_or(0);
    ensure!(
        whole[100..100 + count] == text[..count],
        "it does not go on where the one before ended"
    );
    let mut request = ReadConsole {
        buffer: GuestAddress::new(0x10),
        count: 10,
        ..ReadConsole::default()
    };
    let answer = sysctl(SysctlOp::ReadConsole, &mut request);
    refused("no room", answer, &[Errno::EFAULT])?;
    // What was read is gone; what was longer than the room takes several turns.
    for _ in 0..64 {
        let (answer, read) = read(&mut whole, 4096, 1, 0, 0);
        granted("clear", answer)?;
        if read.count == 0 {
            return Ok(());
        }
    }
    Err(Verdict::failure("it is never empty"))
}
