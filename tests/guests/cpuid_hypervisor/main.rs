//! The leaves from 0x40000000 on say, by `cpuid` behind the emulation prefix and at both levels, that this is Xen's ABI:
//! the signature, the version, one hypercall page and the MSR that places it: `public/arch-x86/cpuid.h`. The upper halves
//! of the registers are zero.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends};
use guests::sdk::abi::arch_x86::cpuid::{
    FIRST_LEAF, LEAF_HYPERCALL, LEAF_VERSION, MAX_NUM_LEAVES, SIGNATURE,
};
use guests::{Check, Verdict, code, ensure};

guests::rule!(check);

fn leaf(level: Level, number: u32) -> Result<[u64; 4], Verdict> {
    let code = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = code.at(level);
    entry.rax = number.into();
    (entry.rbx, entry.rcx, entry.rdx) = (!0, !0 << 32, !0);
    let exit = ends(&code, &entry)?;
    exit.has_frame_of(&entry)?;
    Ok([exit.rax, exit.rbx, exit.rcx, exit.rdx])
}

fn check() -> Check {
    attempt::take()?;
    for level in Level::ALL {
        let [last, signature @ ..] = leaf(level, FIRST_LEAF)?;
        let expected = SIGNATURE.map(u64::from);
        ensure!(signature == expected, "the signature is {signature:x?}");
        let most = u64::from(FIRST_LEAF + MAX_NUM_LEAVES);
        ensure!(
            (u64::from(LEAF_HYPERCALL)..=most).contains(&last),
            "the last leaf is {last:#x}"
        );
        let [version, ..] = leaf(level, LEAF_VERSION)?;
        ensure!(version == 4 << 16 | 17, "the version is {version:#x}");
        let [pages, msr, ..] = leaf(level, LEAF_HYPERCALL)?;
        ensure!(pages == 1, "{pages} hypercall pages");
        ensure!(msr >> 32 == 0 && msr != 0, "the MSR is {msr:#x}");
        // Behind the last there is nothing.
        let nothing = leaf(level, 0x4000_0050)?;
        ensure!(nothing == [0; 4], "a leaf that is none is {nothing:x?}");
    }
    Ok(())
}
