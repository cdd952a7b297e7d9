//! How fast the time-stamp counter and the local APIC's timer run, against the PIT.

use crate::cpu::control::tsc;
use crate::irq::LocalApic;
use crate::port::{read8, write8};

/// The PIT's clock in Hz.
const PIT_HZ: u64 = 1_193_182;
/// One measurement, in ticks of the PIT: 10 ms.
const TICKS: u64 = PIT_HZ / 100;
/// A busy host only lengthens a measurement, so that the shortest is the best.
const ROUNDS: usize = 3;

/// Rates in kHz.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Of the time-stamp counter.
    pub tsc_khz: u64,
    /// Of the local APIC's timer.
    pub apic_khz: u64,
}

/// Measures both rates; takes 30 ms.
#[must_use]
pub fn measure(apic: &LocalApic) -> Rates {
    let mut best = (u64::MAX, u64::MAX);
    for _ in 0..ROUNDS {
        best = best.min(round(apic));
    }
    let khz = |counts: u64| {
        let rate = u128::from(counts) * u128::from(PIT_HZ) / u128::from(TICKS) / 1000;
        u64::try_from(rate).unwrap_or(u64::MAX)
    };
    Rates {
        tsc_khz: khz(best.0).max(1),
        apic_khz: khz(best.1).max(1),
    }
}

/// Counts of the TSC and the APIC's timer while channel 2 of the PIT counts down.
fn round(apic: &LocalApic) -> (u64, u64) {
    const SPEAKER: u16 = 0x61;
    let [low, high, ..] = TICKS.to_le_bytes();
    // Gate on, speaker off; channel 2, mode 0: the output rises at the end.
    let gate = read8(SPEAKER) & !0b10 | 0b01;
    write8(SPEAKER, gate & !1);
    write8(0x43, 0b1011_0000);
    write8(0x42, low);
    write8(0x42, high);
    apic.set_timer(u32::MAX);
    let (apic_start, start) = (apic.timer_left(), tsc());
    write8(SPEAKER, gate);
    while read8(SPEAKER) & 1 << 5 == 0 {
        // No PIT: give up after some seconds' worth of cycles.
        if tsc() - start > 20_000_000_000 {
            break;
        }
    }
    let (end, apic_end) = (tsc(), apic.timer_left());
    apic.set_timer(0);
    (end - start, u64::from(apic_start - apic_end))
}
