//! System time from a counter, and how guests are told.

use core::sync::atomic::{Ordering, fence};

use super::Scale;

/// System time as a straight line through the counter's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    scale: Scale,
    base_ticks: u64,
    base_ns: u64,
}

bitflags::bitflags! {
    /// `flags` of `vcpu_time_info` (`public/xen.h`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ClockFlags: u8 {
        /// The values of all virtual CPUs agree: a reader need not compare them.
        #[doc(alias = "XEN_PVCLOCK_TSC_STABLE_BIT")]
        const TSC_STABLE = 1 << 0;
        /// The guest was stopped; it may have missed time.
        #[doc(alias = "XEN_PVCLOCK_GUEST_STOPPED")]
        const GUEST_STOPPED = 1 << 1;
    }
}

/// What `vcpu_time_info` carries beside its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockValues {
    /// `tsc_timestamp`, in ticks.
    pub tsc_timestamp: u64,
    /// `system_time` at that tick, in ns.
    pub system_time_ns: u64,
    /// `tsc_to_system_mul`.
    pub multiplier: u32,
    /// `tsc_shift`.
    pub shift: i8,
    /// `flags`.
    pub flags: ClockFlags,
}

impl Clock {
    /// A clock that shows `base_ns` when the counter shows `base_ticks`.
    #[must_use]
    pub const fn new(scale: Scale, base_ticks: u64, base_ns: u64) -> Self {
        Self {
            scale,
            base_ticks,
            base_ns,
        }
    }

    /// The clock's scale.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        self.scale
    }

    /// System time in ns at a value of the counter; before the base it stands still.
    #[must_use]
    pub fn at(&self, ticks: u64) -> u64 {
        let elapsed = self
            .scale
            .nanoseconds(ticks.saturating_sub(self.base_ticks));
        self.base_ns.saturating_add(elapsed)
    }

    /// The first value of the counter at which system time is at least `deadline_ns`;
    /// `u64::MAX` where the counter never gets there.
    #[must_use]
    pub fn ticks_at(&self, deadline_ns: u64) -> u64 {
        let ahead = deadline_ns.saturating_sub(self.base_ns);
        self.base_ticks.saturating_add(self.scale.ticks(ahead))
    }

    /// What guests are told. As long as the clock stays the same so do these, for every virtual
    /// CPU and on every CPU with the same counter: a change of CPU needs no new ones.
    #[must_use]
    pub const fn values(&self, flags: ClockFlags) -> ClockValues {
        ClockValues {
            tsc_timestamp: self.base_ticks,
            system_time_ns: self.base_ns,
            multiplier: self.scale.multiplier(),
            shift: self.scale.shift(),
            flags,
        }
    }
}

/// A version number of `vcpu_time_info` or of the wall clock: odd while the values change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(u32);

impl Stamp {
    /// The number for guests to see before the values change.
    #[must_use]
    pub const fn changing(self) -> u32 {
        self.0.wrapping_add(1)
    }

    /// The stamp of the values that come next.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(2))
    }

    /// The number for guests to see, always even.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// A structure in guest-visible memory that begins with a version number. Guests may write it:
/// nothing is ever read back.
pub trait VersionedCell {
    /// What the structure carries.
    type Values;
    /// Writes the version, in one access.
    fn set_version(&self, version: u32);
    /// Writes the rest.
    fn set_values(&self, values: &Self::Values);
}

/// Publishes new values by the version protocol (`public/xen.h`, at `vcpu_time_info`): a reader
/// that sees the same even version before and after has seen values that belong together.
///
/// `stamp` is the hypervisor's own copy of the version; one writer at a time.
pub fn publish<C: VersionedCell>(cell: &C, stamp: &mut Stamp, values: &C::Values) {
    cell.set_version(stamp.changing());
    fence(Ordering::SeqCst);
    cell.set_values(values);
    fence(Ordering::Release);
    *stamp = stamp.next();
    cell.set_version(stamp.raw());
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use proptest::prelude::*;

    use super::*;

    const GHZ_2_6: u64 = 2_600_000_000;

    fn clock(base_ticks: u64, base_ns: u64) -> Clock {
        Clock::new(
            Scale::from_hz(GHZ_2_6).expect("a frequency"),
            base_ticks,
            base_ns,
        )
    }

    #[test]
    fn a_second_is_a_second() {
        let clock = clock(1000, 5_000_000_000);
        assert_eq!(clock.at(1000), 5_000_000_000);
        assert_eq!(clock.at(0), 5_000_000_000);
        assert!(clock.at(1000 + GHZ_2_6).abs_diff(6_000_000_000) <= 1);
    }

    #[test]
    fn a_guest_gets_the_line_itself() {
        let values = clock(7, 9).values(ClockFlags::TSC_STABLE);
        assert_eq!((values.tsc_timestamp, values.system_time_ns), (7, 9));
        assert_eq!((values.multiplier, values.shift), (3_303_820_997, -1));
        assert_eq!(values.flags.bits(), 1);
    }

    #[test]
    fn far_deadlines_saturate() {
        assert_eq!(clock(0, 0).ticks_at(u64::MAX), u64::MAX);
        assert_eq!(clock(u64::MAX, 0).ticks_at(1), u64::MAX);
    }

    #[derive(Default)]
    struct Trace(RefCell<Vec<Option<u32>>>);

    impl VersionedCell for Trace {
        type Values = ();
        fn set_version(&self, version: u32) {
            self.0.borrow_mut().push(Some(version));
        }
        fn set_values(&self, (): &()) {
            self.0.borrow_mut().push(None);
        }
    }

    #[test]
    fn the_version_is_odd_during_the_change() {
        let (trace, mut stamp) = (Trace::default(), Stamp::default());
        publish(&trace, &mut stamp, &());
        publish(&trace, &mut stamp, &());
        let expected = [Some(1), None, Some(2), Some(3), None, Some(4)];
        assert_eq!(*trace.0.borrow(), expected);
    }

    proptest! {
        #[test]
        fn at_a_deadlines_tick_it_has_passed(
            base_ticks in 0..1u64 << 60, base_ns in 0..1u64 << 60, deadline in 0..1u64 << 61,
        ) {
            let clock = clock(base_ticks, base_ns);
            let ticks = clock.ticks_at(deadline);
            prop_assert!(clock.at(ticks) >= deadline);
            prop_assert!(ticks == base_ticks || clock.at(ticks - 1) < deadline);
        }
    }
}
