//! An instruction that the hypervisor does for the guest raises what it would raise on the CPU, and then has done nothing: where
//! its operand is not there or may not be written, where it crosses a table's end, where its own bytes end with the page.
//! SDM vol. 3A 6.5, faults; `public/arch-x86/xen.h`, `XEN_EMULATE_PREFIX`. Lesson 44: each exception that can come within
//! an emulation has somewhere to go.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::attempt::page::{Page, map_low};
use guests::attempt::{self, Code, Exit, Gate, Level, needs};
use guests::memory::table;
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::physdev::{PhysdevOp, SetIopl};
use guests::sdk::memory::entry;
use guests::{Check, Verdict, address, ask, code, ensure, equal};

guests::rule!(check);

const INVALID_OPCODE: u8 = 6;
const PROTECTION: u8 = 13;
const STACK: u8 = 12;
const PAGE_FAULT: u8 = 14;
/// Where code is mapped, with nothing behind it.
const LOW: u64 = 0x20_0000;
const LOW_END: u64 = LOW + 4096;
/// Ports: nobody's device; the interrupt controller's, which the hypervisor keeps.
const PORTS: [u64; 2] = [0x80, 0x21];
const MARK: u64 = 0x1234_5678;

fn check() -> Check {
    attempt::take()?;
    let argument = SetIopl { iopl: 1 };
    let arguments = [PhysdevOp::SetIopl as u64, address(&argument)];
    needs("PHYSDEVOP_set_iopl", ask(Hypercall::PhysdevOp, arguments))?;
    strings()?;
    operands()?;
    ends_of_pages()?;
    table_writes()
}

/// Goes on if the instruction at the code's start has raised one of these, and moved no register.
fn faults(what: &str, code: &Code, exit: &Exit, vectors: &[u8]) -> Check {
    let raised = matches!(exit.gate, Gate::Vector(vector) if vectors.contains(&vector));
    ensure!(raised && exit.rip == code.start, "{what}: {exit}");
    Ok(())
}

/// Strings between ports and memory that is not there, or may not be written.
fn strings() -> Check {
    let (place, _) = table(entry::Level::L1)?;
    let codes = [
        ("insb", code!("insb")),
        ("insd", code!("insd")),
        ("outsb", code!("outsb")),
        ("outsd", code!("outsd")),
        ("rep insb", code!("rep insb")),
        ("rep outsb", code!("rep outsb")),
    ];
    for port in PORTS {
        for (what, code) in codes {
            let is_in = what.contains("ins");
            for address in [
                0x10_0000_0000,
                0x8000_0000_0000_0000,
                0xffff_8300_0000_0000,
                0xffff_ffff_ffff_fffe,
                place.address(),
            ] {
                // A table can be read.
                if address == place.address() && !is_in {
                    continue;
                }
                let mut entry = code.at(Level::Kernel);
                (entry.rdx, entry.rcx) = (port, 3);
                (entry.rdi, entry.rsi) = (address, address);
                let exit = entry.go();
                faults(what, &code, &exit, &[PAGE_FAULT, PROTECTION, STACK])?;
                equal(what, (exit.rdi, exit.rsi), (address, address))?;
            }
        }
    }
    for word in 0..512 {
        let found = place.u64(word * 8).load(Ordering::SeqCst);
        equal(format_args!("word {word} of the table"), found, 0)?;
    }
    Ok(())
}

/// Privileged instructions with operands in memory that is not there.
fn operands() -> Check {
    for address in [0x10_0000_0000, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        let code = code!("lmsw [rdi]");
        let mut entry = code.at(Level::Kernel);
        entry.rdi = address;
        let exit = entry.go();
        faults("lmsw", &code, &exit, &[PAGE_FAULT, PROTECTION])?;
        // This one has an address, and no operand: SDM vol. 2, INVLPG.
        let code = code!("invlpg [rdi]");
        let mut entry = code.at(Level::Kernel);
        entry.rdi = address;
        let exit = entry.go();
        // Xen does not do it for PV kernels at all, which have MMUEXT_INVLPG_LOCAL.
        ensure!(
            exit.ended(&code) || exit.raised(PROTECTION, Some(0)),
            "invlpg of {address:#x}: {exit}"
        );
    }
    Ok(())
}

/// Instructions whose bytes are the last ones of a page with nothing behind it.
fn ends_of_pages() -> Check {
    let page = Page::new()?;
    map_low(LOW, &[page])?;
    const FORCED: [u8; 7] = [0x0f, 0x0b, b'x', b'e', b'n', 0x0f, 0xa2];
    // Put at the page's end: a code whose last byte is the page's.
    let put = |bytes: &[u8]| {
        let mut last = [0x90_u8; 16];
        let at = 16 - bytes.len();
        last[at..].copy_from_slice(bytes);
        for (index, word) in last.chunks_exact(8).enumerate() {
            let word = word
                .iter()
                .rev()
                .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
            page.write(510 + index, word);
        }
        Code {
            start: LOW_END - bytes.len() as u64,
            end: LOW_END,
        }
    };
    let behind = |what: &str, exit: &Exit| {
        ensure!(
            exit.gate == Gate::Vector(PAGE_FAULT) && exit.rip == LOW_END,
            "{what} at a page's end: {exit}"
        );
        Ok::<(), Verdict>(())
    };
    for (what, bytes, rcx) in [
        ("forced cpuid", &FORCED[..], 0),
        ("rdmsr", &[0x0f, 0x32], 0xc000_0080),
        ("mov from cr0", &[0x0f, 0x20, 0xc0], 0),
        ("mov from dr7", &[0x0f, 0x21, 0xf8], 0),
        ("clts", &[0x0f, 0x06], 0),
        ("in", &[0xec], 0),
    ] {
        let code = put(bytes);
        let mut entry = code.at(Level::Kernel);
        (entry.rcx, entry.rdx) = (rcx, PORTS[1]);
        behind(what, &entry.go())?;
    }
    for length in 2..FORCED.len() {
        let code = put(&FORCED[..length]);
        let mut entry = code.at(Level::Kernel);
        entry.rax = MARK;
        let exit = entry.go();
        faults("half a prefix", &code, &exit, &[INVALID_OPCODE, PAGE_FAULT])?;
        equal("rax", exit.rax, MARK)?;
    }
    let (place, _) = table(entry::Level::L1)?;
    // mov [rdi], rsi
    let code = put(&[0x48, 0x89, 0x37]);
    let value = entry::leaf(page.mfn(), entry::Access::ReadOnly);
    let mut entry = code.at(Level::Kernel);
    (entry.rdi, entry.rsi) = (place.address(), value);
    behind("a write to a table", &entry.go())?;
    // Xen sets "global" (bit 8) for its own use.
    let found = place.u64(0).load(Ordering::SeqCst) & !(1 << 8);
    equal("the entry", found, value)
}

/// Writes that are not one entry of one table.
fn table_writes() -> Check {
    let (place, _) = table(entry::Level::L1)?;
    let codes = [
        ("mov", code!("mov [rdi], rsi")),
        ("xchg", code!("xchg [rdi], rsi")),
        ("cmpxchg", code!("lock cmpxchg [rdi], rsi")),
        ("or", code!("lock or [rdi], rsi")),
        ("mov of 4 bytes", code!("mov [rdi], esi")),
    ];
    for (what, code) in codes {
        for offset in [1, 3, 4, 7, 4089, 4093, 4095] {
            // Half an entry is one that may be written.
            if what == "mov of 4 bytes" && offset % 4 == 0 {
                continue;
            }
            let mut entry = code.at(Level::Kernel);
            (entry.rdi, entry.rsi) = (place.address() + offset, 0x40);
            let exit = entry.go();
            faults(what, &code, &exit, &[PAGE_FAULT])?;
            equal(what, exit.rsi, 0x40)?;
        }
    }
    for word in 0..512 {
        let found = place.u64(word * 8).load(Ordering::SeqCst);
        equal(format_args!("word {word} of the table"), found, 0)?;
    }
    Ok(())
}
