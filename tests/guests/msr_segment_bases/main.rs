//! The bases of FS and GS, and the user's of GS, are read and written by their MSRs and by `set_segment_base` alike, and
//! are in force at once: the kernel's GS base in the kernel, the user's in user code. An address that is none is #GP, or
//! `EINVAL`: `public/arch-x86/xen-x86_64.h`; Lesson 46.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, needs, raises, set_segment_base};
use guests::sdk::abi::Errno;
use guests::sdk::abi::arch_x86::SegmentBase;
use guests::{Check, Verdict, code, ensure};

guests::rule!(check);

const FS_BASE: u64 = 0xc000_0100;
const GS_BASE: u64 = 0xc000_0101;
const KERNEL_GS_BASE: u64 = 0xc000_0102;
const NONCANONICAL: u64 = 0x0000_8000_0000_0000;

static WORDS: [u64; 3] = [11, 22, 33];

fn read(number: u64) -> Result<u64, Verdict> {
    let code = code!("rdmsr");
    let mut entry = code.at(Level::Kernel);
    entry.rcx = number;
    let exit = ends(&code, &entry)?;
    Ok(exit.rdx << 32 | exit.rax)
}

fn write(number: u64, value: u64) -> Check {
    let code = code!("wrmsr");
    let mut entry = code.at(Level::Kernel);
    (entry.rcx, entry.rax, entry.rdx) = (number, value & 0xffff_ffff, value >> 32);
    ends(&code, &entry).map(|_| ())
}

fn check() -> Check {
    attempt::take()?;
    let places = [0, 1, 2].map(|index| guests::address(&WORDS) + index * 8);
    let kernel = read(GS_BASE)?;
    ensure!(kernel != 0, "the kernel's GS has no base");
    write(FS_BASE, places[0])?;
    write(KERNEL_GS_BASE, places[1])?;
    bases_are(kernel, places)?;
    needs(
        "the base of FS",
        set_segment_base(SegmentBase::Fs, places[2]),
    )?;
    needs(
        "the user's base of GS",
        set_segment_base(SegmentBase::GsUser, places[0]),
    )?;
    needs(
        "the kernel's base of GS",
        set_segment_base(SegmentBase::GsKernel, kernel),
    )?;
    bases_are(kernel, [places[2], places[0], 0])?;
    let refused = code!("wrmsr");
    for number in [FS_BASE, GS_BASE, KERNEL_GS_BASE] {
        let mut entry = refused.at(Level::Kernel);
        (entry.rcx, entry.rax, entry.rdx) = (number, 0, NONCANONICAL >> 32);
        raises(&refused, &entry, Raised::by(13).error(0))?;
    }
    for base in [SegmentBase::Fs, SegmentBase::GsUser, SegmentBase::GsKernel] {
        let answer = set_segment_base(base, NONCANONICAL);
        ensure!(answer.is(Errno::EINVAL), "{base:?}: {answer}");
    }
    let unknown = guests::ask(guests::sdk::abi::Hypercall::SetSegmentBase, [4, 0]);
    ensure!(unknown.is(Errno::EINVAL), "an unknown base: {unknown}");
    bases_are(kernel, [places[2], places[0], 0])
}

/// FS and the user's GS have these bases, by the MSRs and by what is read through them.
fn bases_are(kernel: u64, [fs, user, _]: [u64; 3]) -> Check {
    let found = [read(FS_BASE)?, read(GS_BASE)?, read(KERNEL_GS_BASE)?];
    ensure!(
        found == [fs, kernel, user],
        "the MSRs are {found:x?}, expected {fs:x}, {kernel:x}, {user:x}"
    );
    let word = |address: u64| {
        let index = (address - guests::address(&WORDS)) / 8;
        WORDS.get(usize::try_from(index).unwrap_or(0)).copied()
    };
    let code = code!("mov rax, fs:[0]", "mov rbx, gs:[0]");
    let exit = ends(&code, &code.at(Level::User))?;
    ensure!(
        Some(exit.rax) == word(fs) && Some(exit.rbx) == word(user),
        "user code reads {} and {}",
        exit.rax,
        exit.rbx
    );
    Ok(())
}
