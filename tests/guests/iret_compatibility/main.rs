//! `iret` to `FLAT_USER_CS32` runs 32-bit user code, whose exceptions and soft interrupts show that selector, and
//! addresses of 32 bits; `iret` goes back to 64-bit code by its own selector: `public/arch-x86/xen-x86_64.h`.
#![no_std]
#![no_main]

use guests::attempt::page::{Page, map_low};
use guests::attempt::{self, Code, Level, Raised, ends, raises};
use guests::sdk::abi::arch_x86::FLAT_USER_CS32;
use guests::{Check, code, ensure};

guests::rule!(check);

const CODE: u64 = 0x40_0000;
const STACK_END: u64 = 0x40_2000;

fn check() -> Check {
    attempt::take()?;
    // In 64-bit code 0x40 is a prefix; in 32-bit code it adds 1 to eax.
    let code = code!(
        ".byte 0x40",
        ".byte 0x40",
        "nop",
        ".byte 0x0f, 0x0b",
        "int3",
        "int 0x80"
    );
    let [page, stack] = [Page::new()?, Page::new()?];
    page.write_bytes(&code.bytes());
    map_low(CODE, &[page, stack])?;
    let low = Code {
        start: CODE,
        end: CODE + (code.end - code.start),
    };
    let mut entry = low.at(Level::User);
    entry.cs = FLAT_USER_CS32.into();
    entry.rsp = STACK_END;
    entry.rax = 5;
    let exit = entry.go();
    exit.is(&low, &entry, Raised::by(6).at(3))?;
    ensure!(exit.rax == 7, "the code was not run as 32-bit code: {exit}");
    entry.rip = CODE + 5;
    raises(&low, &entry, Raised::by(3).at(6))?;
    attempt::set_trap(0x80, attempt::default_flags(3))?;
    entry.rip = CODE + 6;
    raises(&low, &entry, Raised::by(0x80).at(8))?;
    // The same bytes as 64-bit code.
    let mut long = low.at(Level::User);
    long.rax = 5;
    long.rsp = STACK_END;
    let exit = long.go();
    ensure!(
        exit.raised(6, None) && exit.rax == 5,
        "the code was not run as 64-bit code: {exit}"
    );
    // A page that is not there shows the user bit, and an address of 32 bits.
    let load = code!(".byte 0x36, 0x8b, 0x00"); // mov eax, ss:[eax]
    page.write_bytes(&load.bytes());
    entry.rip = CODE;
    entry.rax = 0xffff_ffff_1234_5678;
    raises(&low, &entry, Raised::by(14).error(4))?;
    ensure!(
        attempt::fault_address() == 0x1234_5678,
        "cr2 is {:#x}",
        attempt::fault_address()
    );
    entry.cs = guests::sdk::abi::arch_x86::FLAT_USER_CS64.into();
    entry.rip = CODE + 3;
    ends(
        &Code {
            start: CODE,
            end: CODE + 3,
        },
        &entry,
    )
    .map(|_| ())
}
