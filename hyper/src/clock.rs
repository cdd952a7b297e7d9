//! System time, and what guests are told of it.

use core::sync::atomic::{AtomicU32, Ordering, fence};

use ringwall_abi::GuestAddress;
use ringwall_abi::xen::{SharedInfo, VcpuTimeInfo};
use ringwall_hw::cpu::control::tsc;
use ringwall_hw::cpu::features::{Features, features};
use ringwall_hw::irq::LocalApic;
use ringwall_hw::log;
use ringwall_hw::memory::guest;
use ringwall_hw::time::{Rates, read_clock};
use ringwall_model::time::{Clock, ClockFlags, Scale, WallClock};
use spin::{Mutex, Once};

use crate::domain::Domain;
use crate::vcpu::Vcpu;

struct Time {
    clock: Clock,
    rates: Rates,
    apic: Scale,
}

static TIME: Once<Time> = Once::new();
/// Unix time at system time 0, in ns.
static WALL_CLOCK: Mutex<WallOrigin> = Mutex::new(WallOrigin {
    unix_ns: 0,
    system_ns: 0,
});

struct WallOrigin {
    unix_ns: u64,
    system_ns: u64,
}

/// Measures the clocks, and starts system time at 0.
pub(crate) fn init(apic: &LocalApic) -> Result<(), &'static str> {
    let rates = ringwall_hw::time::measure(apic);
    let scale =
        Scale::from_hz(rates.tsc_khz * 1000).ok_or("the time-stamp counter does not run")?;
    let apic =
        Scale::from_hz(rates.apic_khz * 1000).ok_or("the local APIC's timer does not run")?;
    TIME.call_once(|| Time {
        clock: Clock::new(scale, tsc(), 0),
        rates,
        apic,
    });
    log!(
        Info,
        "clock: TSC {}.{:03} MHz, local APIC timer {}.{:03} MHz",
        rates.tsc_khz / 1000,
        rates.tsc_khz % 1000,
        rates.apic_khz / 1000,
        rates.apic_khz % 1000
    );
    match read_clock().unix_seconds() {
        Ok(seconds) => set_wall_clock(seconds.saturating_mul(1_000_000_000), now_ns()),
        Err(_) => log!(
            Warning,
            "the battery-backed clock holds no date; guests start in 1970"
        ),
    }
    Ok(())
}

/// System time in ns.
#[inline]
pub(crate) fn now_ns() -> u64 {
    TIME.get().map_or(0, |time| time.clock.at(tsc()))
}

/// The TSC's rate in kHz.
pub(crate) fn tsc_khz() -> u32 {
    TIME.get()
        .and_then(|time| u32::try_from(time.rates.tsc_khz).ok())
        .unwrap_or(0)
}

/// Multiplier and shift of the TSC's scale.
pub(crate) fn tsc_scale() -> (u32, i8) {
    TIME.get().map_or((0, 0), |time| {
        (time.clock.scale().multiplier(), time.clock.scale().shift())
    })
}

/// Counts of the local APIC's timer until a deadline: at least one, at most what the timer holds.
pub(crate) fn timer_counts(deadline_ns: u64) -> u32 {
    let Some(time) = TIME.get() else { return 0 };
    let counts = time.apic.ticks(deadline_ns.saturating_sub(now_ns()));
    u32::try_from(counts).unwrap_or(u32::MAX).max(1)
}

/// Says what the time of day is at a moment of system time.
pub(crate) fn set_wall_clock(unix_ns: u64, system_ns: u64) {
    *WALL_CLOCK.lock() = WallOrigin { unix_ns, system_ns };
}

/// Writes the wall clock into a domain's shared page.
pub(crate) fn publish_wall_clock(domain: &Domain) {
    let origin = WALL_CLOCK.lock();
    let offset_s = domain.settings(|settings| settings.time_offset_s);
    let wall = WallClock::new(origin.unix_ns, origin.system_ns, offset_s);
    drop(origin);
    let word = |offset: usize| domain.shared_word(offset);
    let (Some(first), Some(second)) = (word(SharedInfo::WC_VERSION), word(SharedInfo::WC_NSEC))
    else {
        return;
    };
    let seconds = wall.seconds();
    let version = first.load(Ordering::Relaxed) & 0xffff_ffff;
    let changing = (version | 1) & 0xffff_ffff;
    first.store(changing | (seconds & 0xffff_ffff) << 32, Ordering::SeqCst);
    second.store(u64::from(wall.nsec) | seconds >> 32 << 32, Ordering::SeqCst);
    let stable = changing.wrapping_add(1) & 0xffff_ffff;
    first.store(stable | (seconds & 0xffff_ffff) << 32, Ordering::SeqCst);
}

static STAMP: AtomicU32 = AtomicU32::new(0);

/// What is said of the clock beside its values.
///
/// It is marked stable where no two virtual CPUs can read it out of order: the counter is invariant, or all
/// of them run on one CPU, whose line through the counter's values was measured once and never changes.
/// Linux reads the clock without a system call only then.
fn flags() -> ClockFlags {
    /// How many CPUs run virtual CPUs.
    const CPUS: u32 = 1;
    if CPUS == 1 || features().contains(Features::INVARIANT_TSC) {
        ClockFlags::TSC_STABLE
    } else {
        ClockFlags::empty()
    }
}

/// `vcpu_time_info` from its second word on; its first is the version.
fn words(time: &Time) -> [u64; 3] {
    let values = time.clock.values(flags());
    let shift = u64::from(values.shift.cast_unsigned());
    [
        values.tsc_timestamp,
        values.system_time_ns,
        u64::from(values.multiplier) | shift << 32 | u64::from(values.flags.bits()) << 40,
    ]
}
const _: () = assert!(size_of::<VcpuTimeInfo>() == 4 * size_of::<u64>());

/// The next version: even.
fn next_stamp() -> u32 {
    STAMP.fetch_add(2, Ordering::Relaxed).wrapping_add(2)
}

/// Writes the clock's values into a virtual CPU's `vcpu_info`.
pub(crate) fn publish(vcpu: &Vcpu) {
    let Some(time) = TIME.get() else { return };
    let words = words(time);
    let places = (
        vcpu.info_word(4),
        vcpu.info_word(5),
        vcpu.info_word(6),
        vcpu.info_word(7),
    );
    let (Some(version), Some(timestamp), Some(system), Some(scale)) = places else {
        return;
    };
    let stamp = next_stamp();
    version.store(u64::from(stamp.wrapping_sub(1)), Ordering::SeqCst);
    fence(Ordering::SeqCst);
    for (place, word) in [timestamp, system, scale].into_iter().zip(words) {
        place.store(word, Ordering::Relaxed);
    }
    fence(Ordering::SeqCst);
    version.store(u64::from(stamp), Ordering::SeqCst);
}

/// Writes the clock's values where the running guest asked for a second copy, which its user code reads.
///
/// Where that is not mapped nothing happens. What is there is never read.
pub(crate) fn publish_second(area: GuestAddress) {
    let (Some(time), Some(values)) = (TIME.get(), area.checked_add(size_of::<u64>() as u64)) else {
        return;
    };
    let stamp = next_stamp();
    // Each write of a word is one store, and a copy goes in order.
    let _ = guest::write(area, &u64::from(stamp.wrapping_sub(1)))
        .and_then(|()| guest::write(values, &words(time)))
        .and_then(|()| guest::write(area, &u64::from(stamp)));
}
