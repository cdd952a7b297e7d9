//! A guest may write the entries of its tables by ordinary instructions, although they are mapped to be read alone:
//! the hypervisor checks and does each write, and leaves registers and flags as the instruction would. "Writable page
//! tables", `public/features.h`, `XENFEAT_writable_page_tables`, as Linux's `native_set_pte` and
//! `ptep_get_and_clear` rely on it. Lesson 43: the instructions are a closed list. What may not stand in the entry is the
//! guest's page fault, and nothing is written.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use guests::memory::{NOBODYS, table};
use guests::page::page;
use guests::sdk::memory::entry::{Access, Level, leaf};
use guests::sdk::trap::{self, Frame, vector};
use guests::{Check, ensure, equal};

guests::rule!(check);

static FAULTS: AtomicU64 = AtomicU64::new(0);
static SKIP: AtomicU64 = AtomicU64::new(0);

fn on_fault(frame: &mut Frame) {
    FAULTS.fetch_add(1, Ordering::SeqCst);
    frame.rip = SKIP.load(Ordering::SeqCst);
}

/// Makes an instruction with the entry's address in rdi, a value in rsi and one in rax; rsi, rax and ZF after it.
macro_rules! instruction {
    ($text:literal, $place:expr, $rsi:expr, $rax:expr) => {{
        let (mut rsi, mut rax): (u64, u64) = ($rsi, $rax);
        let zero: u8;
        #[expect(unsafe_code, reason = "the instruction may fault")]
        // SAFETY: the entry is one of an unused table; a fault goes on behind the instruction.
        unsafe {
            core::arch::asm!(
                "lea r12, [rip + 2f]",
                "mov [r13], r12",
                $text,
                "2:",
                "setz {zero}",
                zero = lateout(reg_byte) zero,
                inout("rsi") rsi,
                inout("rax") rax,
                in("rdi") $place,
                out("r12") _,
                in("r13") core::ptr::from_ref(&SKIP),
            );
        }
        (rsi, rax, zero != 0)
    }};
}

fn check() -> Check {
    trap::set(vector::PAGE_FAULT, on_fault)?;
    let (entries, l1) = table(Level::L1)?;
    let (_, data) = page()?;
    let place = entries.address();
    // Xen sets "global" (bit 8) for its own use.
    let plain = |entry: u64| entry & !(1 << 8);
    let now = || plain(entries.u64(0).load(Ordering::SeqCst));
    let good = leaf(data, Access::ReadOnly);
    let more = leaf(data, Access::ReadWrite);

    let _ = instruction!("mov [rdi], rsi", place, good, 0);
    equal("mov", now(), good)?;
    let (rsi, ..) = instruction!("xchg [rdi], rsi", place, more, 0);
    equal("xchg", (now(), plain(rsi)), (more, good))?;
    let (rsi, ..) = instruction!("xchg [rdi], rsi", place, 0, 0);
    equal("xchg with nothing", (now(), plain(rsi)), (0, more))?;
    let (_, _, zero) = instruction!("lock cmpxchg [rdi], rsi", place, good, 0);
    equal("cmpxchg", (now(), zero), (good, true))?;
    let (_, rax, zero) = instruction!("lock cmpxchg [rdi], rsi", place, more, 5);
    equal(
        "cmpxchg that fails",
        (now(), plain(rax), zero),
        (good, good, false),
    )?;
    let _ = instruction!("lock or [rdi], rsi", place, 2, 0);
    equal("or", now(), more)?;
    let _ = instruction!("lock and [rdi], rsi", place, !2, 0);
    equal("and", now(), good)?;
    let _ = instruction!("lock btr qword ptr [rdi], 6", place, 0, 0);
    equal("btr", now(), good & !(1 << 6))?;
    let _ = instruction!("lock bts qword ptr [rdi], 6", place, 0, 0);
    equal("bts", now(), good)?;
    let _ = instruction!("xor [rdi], rsi", place, 2, 0);
    equal("xor", now(), more)?;
    let _ = instruction!("mov qword ptr [rdi], 0", place, 0, 0);
    equal("mov of a constant", now(), 0)?;
    equal("faults so far", FAULTS.load(Ordering::SeqCst), 0)?;

    for bad in [
        leaf(NOBODYS, Access::ReadWrite),
        leaf(l1, Access::ReadWrite),
        good | 1 << 51,
    ] {
        let before = FAULTS.load(Ordering::SeqCst);
        let _ = instruction!("mov [rdi], rsi", place, bad, 0);
        ensure!(
            FAULTS.load(Ordering::SeqCst) == before + 1,
            "{bad:#x} was written"
        );
        let _ = instruction!("xchg [rdi], rsi", place, bad, 0);
        ensure!(
            FAULTS.load(Ordering::SeqCst) == before + 2,
            "{bad:#x} was exchanged"
        );
        equal("the entry", now(), 0)?;
    }
    Ok(())
}
