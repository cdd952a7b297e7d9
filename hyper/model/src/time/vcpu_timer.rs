//! A virtual CPU's own timers.

use ringwall_abi::Errno;

/// The shortest period, in ns (`public/vcpu.h`: shorter ones "may not be supported").
const MIN_PERIOD_NS: u64 = 1_000_000;
/// The longest period, in ns: 13 days.
const MAX_PERIOD_NS: u64 = 1 << 50;
/// A deadline further ahead than this (13 days) is taken for a guest's mistake ...
const FAR_NS: u64 = 1 << 50;
/// ... and answered by a tick after this time, lest the guest sleeps for good.
const FAR_TICK_NS: u64 = 100_000_000;

bitflags::bitflags! {
    /// `flags` of `VCPUOP_set_singleshot_timer`; others are ignored.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OneShotFlags: u32 {
        /// A deadline that has passed is an error.
        #[doc(alias = "VCPU_SSHOTTMR_future")]
        const FUTURE = 1 << 0;
    }
}

/// Why a timer was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerError {
    /// The deadline has passed, and the guest wanted to know: `ETIME`.
    Passed,
    /// The period is shorter than a millisecond or longer than 13 days: `EINVAL`.
    BadPeriod,
}

impl From<TimerError> for Errno {
    fn from(error: TimerError) -> Self {
        match error {
            TimerError::Passed => Self::ETIME,
            TimerError::BadPeriod => Self::EINVAL,
        }
    }
}

/// The one-shot and the periodic timer of a virtual CPU. Either, when due, raises `VIRQ_TIMER`.
///
/// After each change the owner enters [`Self::deadline_ns`] in the timer queue of the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VcpuTimers {
    one_shot_ns: Option<u64>,
    periodic: Option<Periodic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Periodic {
    period_ns: u64,
    next_ns: u64,
}

impl VcpuTimers {
    /// `set_timer_op`: fires once at `deadline_ns` of system time, at once where that has
    /// passed; 0 stops the timer. A deadline more than 13 days ahead fires after 100 ms instead.
    #[doc(alias = "HYPERVISOR_set_timer_op")]
    pub fn set_timer_op(&mut self, deadline_ns: u64, now_ns: u64) {
        self.one_shot_ns = (deadline_ns != 0).then(|| sensible(deadline_ns, now_ns));
    }

    /// As [`Self::set_timer_op`], but 0 is a time in the past.
    ///
    /// # Errors
    /// [`TimerError::Passed`] with [`OneShotFlags::FUTURE`]; the timer is as it was.
    #[doc(alias = "VCPUOP_set_singleshot_timer")]
    pub fn set_one_shot(
        &mut self,
        deadline_ns: u64,
        flags: OneShotFlags,
        now_ns: u64,
    ) -> Result<(), TimerError> {
        if flags.contains(OneShotFlags::FUTURE) && deadline_ns < now_ns {
            return Err(TimerError::Passed);
        }
        self.one_shot_ns = Some(sensible(deadline_ns, now_ns));
        Ok(())
    }

    /// Stops the one-shot timer.
    #[doc(alias = "VCPUOP_stop_singleshot_timer")]
    pub fn stop_one_shot(&mut self) {
        self.one_shot_ns = None;
    }

    /// Fires every `period_ns` from now on.
    ///
    /// # Errors
    /// [`TimerError::BadPeriod`].
    #[doc(alias = "VCPUOP_set_periodic_timer")]
    pub fn set_periodic(&mut self, period_ns: u64, now_ns: u64) -> Result<(), TimerError> {
        if !(MIN_PERIOD_NS..=MAX_PERIOD_NS).contains(&period_ns) {
            return Err(TimerError::BadPeriod);
        }
        self.periodic = Some(Periodic {
            period_ns,
            next_ns: now_ns.saturating_add(period_ns),
        });
        Ok(())
    }

    /// Stops the periodic timer.
    #[doc(alias = "VCPUOP_stop_periodic_timer")]
    pub fn stop_periodic(&mut self) {
        self.periodic = None;
    }

    /// Whether the periodic timer is set, whose deadlines come and go with those who hear it.
    #[must_use]
    pub fn is_periodic(&self) -> bool {
        self.periodic.is_some()
    }

    /// When the first of them is due, in ns of system time. The periodic one waits while nobody hears it: many that
    /// tick for nobody must not keep a CPU busy.
    #[must_use]
    pub fn deadline_ns(&self, is_heard: bool) -> Option<u64> {
        let periodic = self.periodic.filter(|_| is_heard);
        let periodic = periodic.map(|periodic| periodic.next_ns);
        self.one_shot_ns.into_iter().chain(periodic).min()
    }

    /// Time has come to `now_ns`: whether `VIRQ_TIMER` is to be raised. Periods that were missed
    /// count once, and the next comes on the beat.
    #[must_use]
    pub fn expire(&mut self, now_ns: u64) -> bool {
        let one_shot = self
            .one_shot_ns
            .take_if(|deadline| *deadline <= now_ns)
            .is_some();
        let Some(periodic) = self
            .periodic
            .as_mut()
            .filter(|timer| timer.next_ns <= now_ns)
        else {
            return one_shot;
        };
        let since = (now_ns - periodic.next_ns) % periodic.period_ns;
        periodic.next_ns = now_ns.saturating_add(periodic.period_ns - since);
        true
    }
}

fn sensible(deadline_ns: u64, now_ns: u64) -> u64 {
    if deadline_ns.saturating_sub(now_ns) > FAR_NS {
        now_ns.saturating_add(FAR_TICK_NS)
    } else {
        deadline_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 5_000_000_000;

    #[test]
    fn set_timer_op() {
        for (timeout, deadline) in [
            (0, None),
            (1, Some(1)),
            (NOW + 7, Some(NOW + 7)),
            (NOW + FAR_NS, Some(NOW + FAR_NS)),
            (NOW + FAR_NS + 1, Some(NOW + FAR_TICK_NS)),
            (u64::MAX, Some(NOW + FAR_TICK_NS)),
        ] {
            let mut timers = VcpuTimers {
                one_shot_ns: Some(3),
                periodic: None,
            };
            timers.set_timer_op(timeout, NOW);
            assert_eq!(timers.deadline_ns(true), deadline, "{timeout}");
        }
    }

    #[test]
    fn what_has_passed_fires_at_once_and_only_once() {
        let mut timers = VcpuTimers::default();
        timers.set_timer_op(NOW - 1, NOW);
        assert!(timers.expire(NOW));
        assert!(!timers.expire(NOW + 1));
        assert_eq!(timers.deadline_ns(true), None);
    }

    #[test]
    fn a_guest_that_asked_hears_of_a_passed_deadline() {
        let mut timers = VcpuTimers::default();
        timers.set_timer_op(NOW + 5, NOW);
        let refused = timers.set_one_shot(NOW - 1, OneShotFlags::FUTURE, NOW);
        assert_eq!(refused.map_err(Errno::from), Err(Errno::ETIME));
        assert_eq!(timers.deadline_ns(true), Some(NOW + 5));
        assert_eq!(timers.set_one_shot(NOW, OneShotFlags::FUTURE, NOW), Ok(()));
        assert_eq!(timers.set_one_shot(0, OneShotFlags::empty(), NOW), Ok(()));
        assert!(timers.expire(NOW));
    }

    #[test]
    fn a_stopped_timer_is_silent() {
        let mut timers = VcpuTimers::default();
        timers.set_timer_op(NOW, NOW);
        timers.set_periodic(MIN_PERIOD_NS, NOW).expect("a period");
        timers.stop_one_shot();
        timers.stop_periodic();
        assert!(!timers.expire(u64::MAX));
    }

    #[test]
    fn periods_have_bounds() {
        let mut timers = VcpuTimers::default();
        for period in [0, MIN_PERIOD_NS - 1, MAX_PERIOD_NS + 1, u64::MAX] {
            let refused = timers.set_periodic(period, NOW).map_err(Errno::from);
            assert_eq!(refused, Err(Errno::EINVAL), "{period}");
        }
    }

    #[test]
    fn a_periodic_timer_waits_for_somebody_to_hear_it() {
        let mut timers = VcpuTimers::default();
        timers.set_periodic(2_000_000, NOW).expect("a period");
        assert!(timers.is_periodic());
        assert_eq!(timers.deadline_ns(false), None);
        assert_eq!(timers.deadline_ns(true), Some(NOW + 2_000_000));
        timers.set_timer_op(NOW + 5_000_000, NOW);
        assert_eq!(timers.deadline_ns(false), Some(NOW + 5_000_000));
    }

    #[test]
    fn missed_periods_count_once_and_the_beat_goes_on() {
        let mut timers = VcpuTimers::default();
        timers.set_periodic(2_000_000, NOW).expect("a period");
        assert!(!timers.expire(NOW + 1_999_999));
        assert!(timers.expire(NOW + 2_000_000));
        assert!(timers.expire(NOW + 7_100_000));
        assert_eq!(timers.deadline_ns(true), Some(NOW + 8_000_000));
    }
}
