//! How long a virtual CPU was in which state.

use core::sync::atomic::{Ordering, fence};

/// What a virtual CPU does (`public/vcpu.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum VcpuState {
    /// Runs on a CPU.
    #[doc(alias = "RUNSTATE_running")]
    Running = 0,
    /// Could run, but something else does.
    #[doc(alias = "RUNSTATE_runnable")]
    Runnable = 1,
    /// Waits for an event.
    #[doc(alias = "RUNSTATE_blocked")]
    Blocked = 2,
    /// Down or paused.
    #[doc(alias = "RUNSTATE_offline")]
    Offline = 3,
}

/// Set in `state_entry_time` while the guest's copy changes, if it asked for that.
const XEN_RUNSTATE_UPDATE: u64 = 1 << 63;

/// The account of one virtual CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runstate(RunstateValues);

/// What `vcpu_runstate_info` carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunstateValues {
    /// `state`.
    pub state: VcpuState,
    /// When it began, in ns of system time.
    pub entry_ns: u64,
    /// The time in each state, in ns, by [`VcpuState`].
    pub time_ns: [u64; 4],
}

impl Runstate {
    /// For a virtual CPU that is made at `now_ns`: offline.
    #[must_use]
    pub const fn new(now_ns: u64) -> Self {
        Self(RunstateValues {
            state: VcpuState::Offline,
            entry_ns: now_ns,
            time_ns: [0; 4],
        })
    }

    /// The state it is in.
    #[must_use]
    pub const fn state(&self) -> VcpuState {
        self.0.state
    }

    /// The virtual CPU enters `state`. A clock that stands still or jumps back adds nothing.
    pub fn enter(&mut self, state: VcpuState, now_ns: u64) {
        self.0 = self.at(now_ns);
        self.0.state = state;
        self.0.entry_ns = now_ns.max(self.0.entry_ns);
    }

    /// The account as of the last change of state: what the guest's own copy shows.
    #[must_use]
    pub const fn values(&self) -> RunstateValues {
        self.0
    }

    /// The account with the time in the present state included, as `VCPUOP_get_runstate_info`
    /// tells it. The sum of the times is the time since the beginning.
    #[must_use]
    pub fn at(&self, now_ns: u64) -> RunstateValues {
        let mut values = self.0;
        let spent = &mut values.time_ns[values.state as usize];
        *spent = spent.saturating_add(now_ns.saturating_sub(values.entry_ns));
        values
    }
}

/// The guest's copy of `vcpu_runstate_info`.
pub trait RunstateCell {
    /// Writes `state_entry_time`, in one access.
    fn set_entry_time(&self, value: u64);
    /// Writes `state` and `time`.
    fn set_values(&self, values: &RunstateValues);
}

impl RunstateValues {
    /// Writes the guest's copy, with the update flag around it: for guests that asked for
    /// `VMASST_TYPE_runstate_update_flag`. The others get the last two writes only, by
    /// [`Self::write_plain`].
    pub fn write_flagged(&self, cell: &impl RunstateCell) {
        cell.set_entry_time(self.entry_ns | XEN_RUNSTATE_UPDATE);
        fence(Ordering::SeqCst);
        cell.set_values(self);
        fence(Ordering::Release);
        cell.set_entry_time(self.entry_ns);
    }

    /// Writes the guest's copy without the update flag.
    pub fn write_plain(&self, cell: &impl RunstateCell) {
        cell.set_values(self);
        cell.set_entry_time(self.entry_ns);
    }
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_goes_to_the_state_that_it_was_spent_in() {
        let mut account = Runstate::new(100);
        for (state, now) in [
            (VcpuState::Runnable, 110),
            (VcpuState::Running, 130),
            (VcpuState::Blocked, 170),
            (VcpuState::Running, 250),
        ] {
            account.enter(state, now);
            assert_eq!(account.state(), state);
        }
        assert_eq!(account.values().time_ns, [40, 20, 80, 10]);
        assert_eq!(account.at(1250).time_ns, [1040, 20, 80, 10]);
        assert_eq!(account.at(1250).entry_ns, 250);
    }

    #[test]
    fn a_clock_that_jumps_back_adds_nothing() {
        let mut account = Runstate::new(100);
        account.enter(VcpuState::Running, 50);
        assert_eq!(account.values().time_ns, [0; 4]);
        assert_eq!(account.values().entry_ns, 100);
    }

    #[derive(Default)]
    struct Trace(RefCell<Vec<Option<u64>>>);

    impl RunstateCell for Trace {
        fn set_entry_time(&self, value: u64) {
            self.0.borrow_mut().push(Some(value));
        }
        fn set_values(&self, _: &RunstateValues) {
            self.0.borrow_mut().push(None);
        }
    }

    #[test]
    fn the_flag_is_set_during_the_change() {
        let (flagged, plain) = (Trace::default(), Trace::default());
        let values = Runstate::new(7).values();
        values.write_flagged(&flagged);
        values.write_plain(&plain);
        assert_eq!(*flagged.0.borrow(), [Some(1 << 63 | 7), None, Some(7)]);
        assert_eq!(*plain.0.borrow(), [None, Some(7)]);
    }

    proptest! {
        #[test]
        fn the_sum_does_not_drift(steps in prop::collection::vec((0u8..4, 0u64..1000), 0..50)) {
            let (mut account, mut now) = (Runstate::new(42), 42);
            for (state, passed) in steps {
                now += passed;
                let state = [
                    VcpuState::Running, VcpuState::Runnable, VcpuState::Blocked, VcpuState::Offline,
                ][usize::from(state)];
                account.enter(state, now);
                prop_assert_eq!(account.at(now + 9).time_ns.iter().sum::<u64>(), now + 9 - 42);
            }
        }
    }
}
