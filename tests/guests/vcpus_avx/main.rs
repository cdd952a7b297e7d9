//! Where a guest has turned AVX on, each virtual CPU has the upper halves of its own too, and an XCR0 of its own:
//! SDM vol. 1, 13.3; Lesson 50. One that has not turned it on has no `vmovups`.
// UNSAFETY: loads and stores the registers.
#![expect(unsafe_code)]
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::sdk::hypercall::yield_now;
use guests::vcpus::start;
use guests::{Check, code, ensure, equal, skip};

guests::rule!(check);

const ROUNDS: u32 = 300;

type Registers = [[u64; 4]; 4];

fn load(values: &Registers) {
    // SAFETY: the compiler uses none of these registers in a guest.
    unsafe {
        asm!(
            "vmovups ymm0, [{0}]",
            "vmovups ymm1, [{0} + 32]",
            "vmovups ymm14, [{0} + 64]",
            "vmovups ymm15, [{0} + 96]",
            in(reg) values, options(nostack, readonly)
        );
    }
}

fn current() -> Registers {
    let mut values = [[0; 4]; 4];
    // SAFETY: as many bytes as there are are written.
    unsafe {
        asm!(
            "vmovups [{0}], ymm0",
            "vmovups [{0} + 32], ymm1",
            "vmovups [{0} + 64], ymm14",
            "vmovups [{0} + 96], ymm15",
            in(reg) &mut values, options(nostack)
        );
    }
    values
}

/// CR4.OSXSAVE, and XCR0 with x87, SSE and AVX.
fn turn_on() {
    // SAFETY: the CPU has both, as CPUID says.
    unsafe {
        asm!(
            "mov rax, cr4", "or eax, 0x40000", "mov cr4, rax",
            "xor ecx, ecx", "xor edx, edx", "mov eax, 7", "xsetbv",
            out("rax") _, out("rcx") _, out("rdx") _, options(nostack)
        );
    }
}

fn xcr0() -> u64 {
    let low: u32;
    // SAFETY: reads a register.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nostack)) };
    low.into()
}

static STOP: AtomicBool = AtomicBool::new(false);
static TURNS: AtomicU32 = AtomicU32::new(0);
static BROKEN: AtomicU32 = AtomicU32::new(0);
static LEFT_OVER: AtomicBool = AtomicBool::new(false);
static XCR0: AtomicU64 = AtomicU64::new(0);

fn second() {
    turn_on();
    LEFT_OVER.store(current() != [[0; 4]; 4], Ordering::SeqCst);
    let values = values(0xb2);
    load(&values);
    while !STOP.load(Ordering::SeqCst) {
        yield_now();
        if current() != values {
            BROKEN.fetch_add(1, Ordering::SeqCst);
        }
        TURNS.fetch_add(1, Ordering::SeqCst);
    }
    XCR0.store(xcr0(), Ordering::SeqCst);
}

fn values(seed: u64) -> Registers {
    let mut next = seed << 56;
    [(); 4].map(|()| {
        [(); 4].map(|()| {
            next += 1;
            next
        })
    })
}

fn check() -> Check {
    attempt::take()?;
    let cpuid = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = cpuid.at(Level::Kernel);
    entry.rax = 1;
    let features = ends(&cpuid, &entry)?.rcx;
    if features >> 26 & 1 == 0 || features >> 28 & 1 == 0 {
        skip!("this CPU has no AVX, or the guest is not told of it");
    }
    let look = code!("vmovups ymm0, [rsp - 64]");
    raises(&look, &look.at(Level::Kernel), Raised::by(6))?;
    turn_on();
    let own = values(0xa1);
    load(&own);
    let other = start(second)?;
    for round in 0..ROUNDS {
        yield_now();
        equal(format_args!("registers in round {round}"), current(), own)?;
    }
    STOP.store(true, Ordering::SeqCst);
    other.join();
    ensure!(
        TURNS.load(Ordering::SeqCst) > 10,
        "the second one did not run"
    );
    equal(
        "turns of the second with others",
        BROKEN.load(Ordering::SeqCst),
        0,
    )?;
    equal("XCR0 of the second", XCR0.load(Ordering::SeqCst), 7)?;
    ensure!(
        !LEFT_OVER.load(Ordering::SeqCst),
        "the second one started with registers of the first"
    );
    Ok(())
}
