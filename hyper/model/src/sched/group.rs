//! What the virtual CPUs of a domain share: weight and cap.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::Error;

/// The weight of a domain that has not been given one.
pub const DEFAULT_WEIGHT: u16 = 256;

/// A cap's period, in ns.
const PERIOD_NS: u64 = 10_000_000;

/// The number of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSlot(pub(super) u32);

/// A domain's share (`xen_domctl_sched_credit2`, `public/domctl.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Each of its virtual CPUs gets CPU time in proportion to this; 1..=65535.
    pub weight: u16,
    /// What all of them together get at most, in per cent of one CPU; 0 for no limit.
    pub cap: u16,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            weight: DEFAULT_WEIGHT,
            cap: 0,
        }
    }
}

/// A group's parameters and what it has used of its cap. No lock: every CPU charges it.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Weight in 15:0, cap in 31:16; 0 where there is no group.
    parameters: AtomicU32,
    /// The period's number in 63:32 (its low half), the ns used in it in 31:0.
    usage: AtomicU64,
}

impl Group {
    pub(super) fn parameters(&self) -> Parameters {
        let [w0, w1, c0, c1] = self.parameters.load(Ordering::Relaxed).to_le_bytes();
        Parameters {
            weight: u16::from_le_bytes([w0, w1]),
            cap: u16::from_le_bytes([c0, c1]),
        }
    }

    pub(super) fn set(&self, parameters: Parameters) -> Result<(), Error> {
        if parameters.weight == 0 {
            return Err(Error::BadWeight);
        }
        let raw = u32::from(parameters.cap) << 16 | u32::from(parameters.weight);
        self.parameters.store(raw, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.parameters.store(0, Ordering::Relaxed);
        self.usage.store(0, Ordering::Relaxed);
    }

    /// Virtual time for `ns` of real time.
    pub(super) fn virtual_ns(&self, ns: u64) -> u64 {
        let weight = u64::from(self.parameters().weight.max(1));
        ns.saturating_mul(u64::from(DEFAULT_WEIGHT)) / weight
    }

    /// Real time for `virtual_ns` of virtual time.
    pub(super) fn real_ns(&self, virtual_ns: u64) -> u64 {
        let weight = u64::from(self.parameters().weight.max(1));
        virtual_ns.saturating_mul(weight) / u64::from(DEFAULT_WEIGHT)
    }

    /// Counts `ns` that were used until `now_ns`.
    pub(super) fn charge(&self, ns: u64, now_ns: u64) {
        let Some(allowance) = self.allowance() else {
            return;
        };
        let change = |usage| {
            let used = carried(usage, now_ns, allowance).saturating_add(ns);
            Some(pack(now_ns, used))
        };
        // Never `None`, so never an error.
        let _ = self
            .usage
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// What is left of the cap in this period, in ns; `None` without a cap.
    pub(super) fn left(&self, now_ns: u64) -> Option<u64> {
        let allowance = self.allowance()?;
        let used = carried(self.usage.load(Ordering::Relaxed), now_ns, allowance);
        Some(allowance.saturating_sub(used))
    }

    /// When a group with nothing left may run again.
    pub(super) fn refill_ns(&self, now_ns: u64) -> u64 {
        let periods = self.allowance().map_or(0, |allowance| {
            carried(self.usage.load(Ordering::Relaxed), now_ns, allowance) / allowance
        });
        (now_ns / PERIOD_NS)
            .saturating_add(periods.max(1))
            .saturating_mul(PERIOD_NS)
    }

    fn allowance(&self) -> Option<u64> {
        match self.parameters().cap {
            0 => None,
            cap => Some(u64::from(cap) * (PERIOD_NS / 100)),
        }
    }
}

fn pack(now_ns: u64, used_ns: u64) -> u64 {
    (now_ns / PERIOD_NS) << 32 | used_ns.min(u64::from(u32::MAX))
}

/// What counts as used at `now_ns`: an excess is paid in the periods after.
fn carried(usage: u64, now_ns: u64, allowance: u64) -> u64 {
    let passed = (pack(now_ns, 0) >> 32).wrapping_sub(usage >> 32) & 0xffff_ffff;
    (usage & 0xffff_ffff).saturating_sub(allowance.saturating_mul(passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(weight: u16, cap: u16) -> Group {
        let group = Group::default();
        group.set(Parameters { weight, cap }).expect("a weight");
        group
    }

    #[test]
    fn virtual_time_runs_by_weight() {
        for (weight, expected) in [(256, 1000), (512, 500), (1, 256_000), (128, 2000)] {
            let group = group(weight, 0);
            assert_eq!(group.virtual_ns(1000), expected);
            assert_eq!(group.real_ns(expected), 1000);
        }
    }

    #[test]
    fn no_weight_is_refused() {
        assert_eq!(
            Group::default().set(Parameters { weight: 0, cap: 0 }),
            Err(Error::BadWeight)
        );
    }

    #[test]
    fn a_cap_is_a_share_of_each_period() {
        let group = group(256, 30);
        let now = 77 * PERIOD_NS;
        assert_eq!(group.left(now), Some(3_000_000));
        group.charge(1_000_000, now);
        assert_eq!(group.left(now), Some(2_000_000));
        group.charge(2_000_000, now + 5);
        assert_eq!(group.left(now + 5), Some(0));
        assert_eq!(group.refill_ns(now + 5), now + PERIOD_NS);
        assert_eq!(group.left(now + PERIOD_NS), Some(3_000_000));
    }

    #[test]
    fn an_excess_is_paid_later() {
        let group = group(256, 30);
        group.charge(7_000_000, 0);
        assert_eq!(group.refill_ns(0), 2 * PERIOD_NS);
        assert_eq!(group.left(PERIOD_NS), Some(0));
        assert_eq!(group.left(2 * PERIOD_NS), Some(2_000_000));
    }

    #[test]
    fn without_a_cap_nothing_is_counted() {
        let group = group(256, 0);
        group.charge(u64::MAX, 0);
        assert_eq!(group.left(0), None);
    }
}
