//! A virtual CPU, as its queue sees it.

use super::CpuSet;

/// What a virtual CPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not in this queue.
    Absent,
    /// Does not want to run.
    Asleep,
    /// Waits in the queue.
    Ready,
    /// Waits for its group's next period.
    Parked,
    /// Runs on the queue's CPU.
    Running,
    /// Wants to run, but not here: moves when its context is saved.
    Exiled,
}

/// What becomes of one that left, now that its context is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It has to move.
    ForElsewhere(u32),
    /// It had to move, may stay after all, and waits again.
    ToReturn,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entity {
    pub(super) state: State,
    pub(super) group: u32,
    pub(super) affinity: CpuSet,
    /// Virtual time used, in ns, by this queue's reckoning.
    pub(super) used: u64,
}

impl Entity {
    pub(super) const ABSENT: Self = Self {
        state: State::Absent,
        group: 0,
        affinity: CpuSet::EMPTY,
        used: 0,
    };
}
