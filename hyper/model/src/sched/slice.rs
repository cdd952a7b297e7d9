//! How long the current one runs.

use super::entity::State;
use super::group::Group;
use super::queue::Queue;

/// How long a virtual CPU runs at least before one that wakes takes its place, in ns: it bounds
/// the rate of switches and, with it, how soon one runs that has used less than its share.
pub const MIN_RUN_NS: u64 = 500_000;
/// How long a virtual CPU runs at most while others wait, in ns.
pub const MAX_SLICE_NS: u64 = 10_000_000;
/// How far two that compete let each other get ahead, in ns of real time.
const GRANULARITY_NS: u64 = 4_000_000;

impl Queue {
    /// When [`Self::choose`] is due again, if nothing else happens.
    pub(super) fn until_ns(&mut self, groups: &[Group], now_ns: u64) -> Option<u64> {
        let unparked = self.parked.first().map(|(_, until)| until);
        let slice = self.slice_end(groups, now_ns, GRANULARITY_NS);
        let spent = self
            .current_group(groups)
            .and_then(|group| group.left(now_ns));
        let spent = spent.map(|left| now_ns.saturating_add(left));
        unparked.into_iter().chain(slice).chain(spent).min()
    }

    /// When somebody who just woke takes the place of the current one; now if there is none.
    pub(super) fn preempt_ns(&mut self, groups: &[Group], now_ns: u64) -> u64 {
        let soonest = self.switched_ns.saturating_add(MIN_RUN_NS);
        self.slice_end(groups, now_ns, 0)
            .map_or(now_ns, |end| end.max(soonest))
    }

    /// When the current one will have used `grace_ns` more than the first of those who wait;
    /// where it has used more already, when it has run long enough.
    fn slice_end(&mut self, groups: &[Group], now_ns: u64, grace_ns: u64) -> Option<u64> {
        let (_, next) = self.ready.first()?;
        let current = self.current.and_then(|vcpu| self.entity(vcpu))?;
        if current.state != State::Running {
            return None;
        }
        let used = current.used;
        if next < used {
            return Some(self.switched_ns.saturating_add(MIN_RUN_NS).max(now_ns));
        }
        let ahead = self.current_group(groups)?.real_ns(next - used);
        let slice = ahead.saturating_add(grace_ns).min(MAX_SLICE_NS);
        Some(now_ns.saturating_add(slice))
    }

    fn current_group<'a>(&mut self, groups: &'a [Group]) -> Option<&'a Group> {
        let entity = self.current.and_then(|vcpu| self.entity(vcpu))?;
        groups.get(entity.group as usize)
    }
}
