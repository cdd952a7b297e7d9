//! Each virtual CPU has FPU and SSE registers of its own: what one puts there stays while the other runs with others, and
//! one that starts finds none of what another left. SDM vol. 1, 8.1 and 11.6; Lesson 50.
// UNSAFETY: loads and stores the registers.
#![expect(unsafe_code)]
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use guests::sdk::hypercall::yield_now;
use guests::vcpus::start;
use guests::{Check, ensure, equal};

guests::rule!(check);

const ROUNDS: u32 = 300;

/// What FXSAVE stores: SDM vol. 1, 10.5.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Image([u64; 64]);

impl Image {
    /// All registers in use, with values of their own.
    fn of(seed: u64) -> Self {
        let mut words = [0; 64];
        // Control word, status, and all registers of the x87 in use.
        words[0] = 0xff_0000_037f;
        words[3] = 0x1f80 | (seed & 3) << 13;
        for (index, word) in words.iter_mut().enumerate().take(52).skip(4) {
            *word = seed << 56 | index as u64;
        }
        Self(words)
    }

    fn load(&self) {
        // SAFETY: the compiler uses none of these registers in a guest.
        unsafe { asm!("fxrstor64 [{}]", in(reg) &self.0, options(nostack, readonly)) };
    }

    fn current() -> Self {
        let mut image = Self([0; 64]);
        // SAFETY: as many bytes as the image has are written.
        unsafe { asm!("fxsave64 [{}]", in(reg) &mut image.0, options(nostack)) };
        image
    }

    /// The values, without what the CPU says of its last instruction.
    fn registers(&self) -> impl Iterator<Item = u64> {
        let words = self.0;
        let word = move |index: usize| match index {
            0 => words[0] & 0xff_0000_ffff,
            3 => words[3] & 0xffff_ffff,
            // Of each pair of the x87's only ten bytes are there.
            4..20 if index % 2 == 1 => words[index] & 0xffff,
            _ => words[index],
        };
        [0, 3].into_iter().chain(4..52).map(word)
    }
}

static STOP: AtomicBool = AtomicBool::new(false);
static TURNS: AtomicU32 = AtomicU32::new(0);
static BROKEN: AtomicU32 = AtomicU32::new(0);
static LEFT_OVER: AtomicBool = AtomicBool::new(false);

fn second() {
    let fresh = Image::current().registers().skip(2).any(|word| word != 0);
    LEFT_OVER.store(fresh, Ordering::SeqCst);
    let image = Image::of(0xb2);
    while !STOP.load(Ordering::SeqCst) {
        image.load();
        yield_now();
        if !Image::current().registers().eq(image.registers()) {
            BROKEN.fetch_add(1, Ordering::SeqCst);
        }
        TURNS.fetch_add(1, Ordering::SeqCst);
    }
}

fn check() -> Check {
    let image = Image::of(0xa1);
    image.load();
    let other = start(second)?;
    for round in 0..ROUNDS {
        yield_now();
        let now = Image::current();
        if let Some((found, expected)) = now
            .registers()
            .zip(image.registers())
            .find(|(found, expected)| found != expected)
        {
            equal(format_args!("a register in round {round}"), found, expected)?;
        }
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
    ensure!(
        !LEFT_OVER.load(Ordering::SeqCst),
        "the second one started with registers of the first"
    );
    Ok(())
}
