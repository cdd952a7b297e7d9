//! `update_descriptor` writes an entry of a page of descriptors, which the guest can only read. Code and data segments
//! are taken, with DPL 3 whatever was asked; what is not present is taken as it is. Gates, TSS and LDT descriptors, and
//! frames that are not the guest's, are `EINVAL`: `public/arch-x86/xen.h`.
//!
//! Xen takes call gates to the guest's own code and the reserved type 0; we take no gate at all, as no guest needs
//! one, and one rule without exceptions is easier to prove.
#![no_std]
#![no_main]

use guests::attempt::tables::{CODE_32, CODE_64, DATA, PRESENT, load_gdt, update_descriptor};
use guests::attempt::{self, needs};
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, ensure, unless_xen};

guests::rule!(check);

const DPL_3: u64 = 3 << 45;

fn check() -> Check {
    attempt::take()?;
    let gdt = load_gdt(&[CODE_64, DATA])?;
    for descriptor in [
        CODE_32,
        DATA,
        CODE_64 & !DPL_3,
        DATA & !DPL_3,
        0,
        0x0000_6c00_e008_0000 & !PRESENT,
    ] {
        needs("update_descriptor", update_descriptor(gdt, 5, descriptor))?;
        let found = gdt.read(5);
        let expected = if descriptor & PRESENT == 0 {
            descriptor
        } else {
            descriptor | DPL_3
        };
        ensure!(
            found == expected,
            "{descriptor:#x} was stored as {found:#x}"
        );
    }
    needs("update_descriptor", update_descriptor(gdt, 5, DATA))?;
    for (name, descriptor) in [
        ("an LDT", 0x0000_e200_0000_ffff),
        ("a TSS", 0x0000_e900_0000_ffff),
        ("a busy TSS", 0x0000_eb00_0000_ffff),
        ("an interrupt gate", 0x0000_ee00_e033_0000),
        ("a trap gate", 0x0000_ef00_e033_0000),
    ] {
        let answer = update_descriptor(gdt, 5, descriptor);
        ensure!(answer.is(Errno::EINVAL), "{name} is answered by {answer}");
        ensure!(gdt.read(5) == DATA, "{name} was stored");
    }
    for (name, descriptor) in [
        ("a call gate", 0x0000_ec00_e033_0000),
        ("a reserved type", 0x0000_e000_0000_0000),
    ] {
        let answer = update_descriptor(gdt, 5, descriptor);
        unless_xen!(
            answer.is(Errno::EINVAL),
            "{name} is taken, by which ring 3 reaches nothing that it could not reach without it"
        );
    }
    for place in [!0, 8, (gdt.mfn().raw() << 12) + 4] {
        let answer = ask(Hypercall::UpdateDescriptor, [place, DATA]);
        ensure!(answer.is(Errno::EINVAL), "place {place:#x}: {answer}");
    }
    Ok(())
}
