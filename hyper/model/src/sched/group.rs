//! What the virtual CPUs of a domain share: weight and cap.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::Error;

/// The weight of a domain that has not been given one.
pub const DEFAULT_WEIGHT: u16 = 256;

/// How much time's worth of its cap a group may use in one go, in ns.
const BURST_NS: u64 = 10_000_000;
/// Less than this is not worth running for, in ns.
const LEAST_NS: u64 = 10_000;

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
    /// The system time, in ns, at which the cap will have allowed all that was used: as far
    /// ahead of now as the group is in debt.
    paid_ns: AtomicU64,
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
        // What was used under another cap is forgotten.
        self.paid_ns.store(0, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.parameters.store(0, Ordering::Relaxed);
        self.paid_ns.store(0, Ordering::Relaxed);
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
        let Some(cap) = self.cap() else { return };
        let began = now_ns.saturating_sub(ns);
        let price = ns.saturating_mul(100) / cap;
        let pay = |paid: u64| Some(paid.max(began).saturating_add(price));
        // Never `None`, so never an error.
        let _ = self
            .paid_ns
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay);
    }

    /// How long one CPU may run it from now on, in ns; `None` without a cap.
    pub(super) fn left(&self, now_ns: u64) -> Option<u64> {
        let cap = self.cap()?;
        let debt = self.paid_ns.load(Ordering::Relaxed).saturating_sub(now_ns);
        let credit = BURST_NS.saturating_sub(debt);
        // The debt shrinks while it runs. Above 100 it takes more than one CPU to use it up.
        let left = (credit * cap)
            .checked_div(100u64.saturating_sub(cap))
            .unwrap_or(BURST_NS);
        Some(if credit < LEAST_NS {
            0
        } else {
            left.max(LEAST_NS)
        })
    }

    /// When a group with nothing left may run again: when it has no debt.
    pub(super) fn refill_ns(&self, now_ns: u64) -> u64 {
        self.paid_ns
            .load(Ordering::Relaxed)
            .max(now_ns.saturating_add(LEAST_NS))
    }

    fn cap(&self) -> Option<u64> {
        Some(u64::from(self.parameters().cap)).filter(|cap| *cap != 0)
    }
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
    fn a_cap_is_a_rate() {
        let group = group(256, 25);
        let now = 77 * BURST_NS;
        // A third of the burst, for time goes on.
        assert_eq!(group.left(now), Some(BURST_NS / 3));
        group.charge(BURST_NS / 3, now + BURST_NS / 3);
        assert_eq!(group.left(now + BURST_NS / 3), Some(0));
        let refill = group.refill_ns(now + BURST_NS / 3);
        assert!(refill.abs_diff(now + BURST_NS * 4 / 3) <= 4, "{refill}");
        assert_eq!(group.left(refill), Some(BURST_NS / 3));
    }

    #[test]
    fn an_excess_is_paid_later() {
        let group = group(256, 50);
        group.charge(4 * BURST_NS, 4 * BURST_NS);
        assert_eq!(group.left(4 * BURST_NS), Some(0));
        assert_eq!(group.left(7 * BURST_NS - 1), Some(0));
        assert_eq!(group.refill_ns(4 * BURST_NS), 8 * BURST_NS);
    }

    #[test]
    fn all_cpus_pay_for_what_they_use_at_once() {
        let group = group(256, 200);
        for _ in 0..4 {
            group.charge(BURST_NS, BURST_NS);
        }
        assert_eq!(group.refill_ns(BURST_NS), 2 * BURST_NS);
    }

    #[test]
    fn a_new_cap_begins_without_debt() {
        let group = group(256, 1);
        group.charge(BURST_NS, BURST_NS);
        assert_eq!(group.left(BURST_NS), Some(0));
        group
            .set(Parameters {
                weight: 256,
                cap: 2,
            })
            .expect("a weight");
        assert_ne!(group.left(BURST_NS), Some(0));
    }

    #[test]
    fn without_a_cap_nothing_is_counted() {
        let group = group(256, 0);
        group.charge(u64::MAX, 0);
        assert_eq!(group.left(0), None);
    }
}
