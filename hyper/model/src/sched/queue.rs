//! A CPU's queue.

use alloc::boxed::Box;

use super::group::Group;
use super::{CpuId, CpuSet, Error};
use crate::time::Heap;

/// How long a virtual CPU runs at least before one that wakes takes its place, in ns: it bounds
/// the rate of switches and, with it, how soon one runs that has used less than its share.
pub const MIN_RUN_NS: u64 = 500_000;
/// How long a virtual CPU runs at most while others wait, in ns.
pub const MAX_SLICE_NS: u64 = 10_000_000;
/// How far two that compete let each other get ahead, in ns of real time.
const GRANULARITY_NS: u64 = 4_000_000;
/// How far before the others one is placed that wakes, in ns of virtual time.
const WAKE_LEAD_NS: u64 = 1_000_000;
/// Virtual time is set back when it gets here.
const FAR: u64 = 1 << 62;

/// What a virtual CPU is doing, as its queue sees it.
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

#[derive(Clone, Copy, Debug)]
pub(super) struct Entity {
    pub(super) state: State,
    pub(super) group: u32,
    pub(super) affinity: CpuSet,
    /// Virtual time used, in ns, by this queue's reckoning.
    pub(super) used: u64,
}

impl Entity {
    const ABSENT: Self = Self {
        state: State::Absent,
        group: 0,
        affinity: CpuSet::EMPTY,
        used: 0,
    };
}

#[derive(Debug)]
pub(super) struct Queue {
    cpu: CpuId,
    /// By the number of the virtual CPU; only those that belong here.
    entities: Box<[Entity]>,
    /// Those that wait, by virtual time.
    ready: Heap,
    /// Those that are parked, by the end of it in ns.
    parked: Heap,
    pub(super) current: Option<u32>,
    /// Whose context is still being saved.
    pub(super) leaving: Option<u32>,
    /// Virtual time below which nobody in the queue is, but those who just woke.
    floor: u64,
    /// When the current one was switched in, and until when its time is accounted.
    switched_ns: u64,
    accounted_ns: u64,
    yielded: bool,
}

impl Queue {
    pub(super) fn new(cpu: CpuId, vcpus: u32) -> Result<Self, Error> {
        let mut entities = alloc::vec::Vec::new();
        entities
            .try_reserve_exact(vcpus as usize)
            .map_err(|_| Error::OutOfMemory)?;
        entities.resize(vcpus as usize, Entity::ABSENT);
        Ok(Self {
            cpu,
            entities: entities.into_boxed_slice(),
            ready: Heap::new(vcpus)?,
            parked: Heap::new(vcpus)?,
            current: None,
            leaving: None,
            floor: 0,
            switched_ns: 0,
            accounted_ns: 0,
            yielded: false,
        })
    }

    pub(super) fn entity(&mut self, vcpu: u32) -> Option<&mut Entity> {
        self.entities
            .get_mut(vcpu as usize)
            .filter(|entity| entity.state != State::Absent)
    }

    /// Puts a virtual CPU here that belongs nowhere, asleep.
    pub(super) fn adopt(&mut self, vcpu: u32, group: u32, affinity: CpuSet) {
        if let Some(entity) = self.entities.get_mut(vcpu as usize) {
            *entity = Entity {
                state: State::Asleep,
                group,
                affinity,
                used: self.floor,
            };
        }
    }

    /// Takes it out for good, if it is asleep and its context saved.
    pub(super) fn expel(&mut self, vcpu: u32) -> Result<u32, Error> {
        let leaving = self.leaving == Some(vcpu);
        let entity = self.entity(vcpu).ok_or(Error::NoSuchSlot)?;
        if entity.state != State::Asleep || leaving {
            return Err(Error::Busy);
        }
        Ok(core::mem::replace(entity, Entity::ABSENT).group)
    }

    /// Whether another CPU's queue may take it.
    pub(super) fn is_movable(&mut self, vcpu: u32) -> bool {
        let free = self.leaving != Some(vcpu);
        free && self
            .entity(vcpu)
            .is_some_and(|entity| entity.state != State::Running)
    }

    /// Moves it to another queue, waiting or asleep as it was.
    pub(super) fn hand_over(&mut self, vcpu: u32, to: &mut Self) {
        let floor = self.floor;
        let Some(entity) = self.entity(vcpu) else {
            return;
        };
        let mut moved = core::mem::replace(entity, Entity::ABSENT);
        self.ready.remove(vcpu);
        let parked_until = self.parked.key(vcpu);
        self.parked.remove(vcpu);
        // As far ahead of the others there as here.
        let ahead = moved.used.saturating_sub(floor);
        let behind = floor.saturating_sub(moved.used).min(WAKE_LEAD_NS);
        moved.used = to.floor.saturating_add(ahead).saturating_sub(behind);
        if moved.state == State::Exiled {
            moved.state = State::Ready;
        }
        match (moved.state, parked_until) {
            (State::Ready, _) => _ = to.ready.set(vcpu, moved.used),
            (State::Parked, Some(until)) => _ = to.parked.set(vcpu, until),
            _ => {}
        }
        if let Some(place) = to.entities.get_mut(vcpu as usize) {
            *place = moved;
        }
    }

    /// It wants to run. False where it did already.
    pub(super) fn wake(&mut self, vcpu: u32) -> bool {
        let lead = self.floor.saturating_sub(WAKE_LEAD_NS);
        let Some(entity) = self
            .entity(vcpu)
            .filter(|entity| entity.state == State::Asleep)
        else {
            return false;
        };
        entity.used = entity.used.max(lead);
        self.enqueue(vcpu);
        true
    }

    /// It does not want to run. True where the CPU has to pick another.
    pub(super) fn sleep(&mut self, vcpu: u32, groups: &[Group], now_ns: u64) -> bool {
        if self.current == Some(vcpu) {
            self.account(groups, now_ns);
            self.current = None;
            self.leaving = Some(vcpu);
        }
        self.ready.remove(vcpu);
        self.parked.remove(vcpu);
        let Some(entity) = self.entity(vcpu) else {
            return false;
        };
        core::mem::replace(&mut entity.state, State::Asleep) == State::Running
    }

    /// The current one lets the next have its turn.
    pub(super) fn yield_now(&mut self) {
        self.yielded = true;
    }

    /// Charges the current one for its time.
    pub(super) fn account(&mut self, groups: &[Group], now_ns: u64) {
        let spent = now_ns.saturating_sub(self.accounted_ns);
        self.accounted_ns = now_ns.max(self.accounted_ns);
        let Some(vcpu) = self.current else { return };
        let Some(entity) = self.entity(vcpu) else {
            return;
        };
        let Some(group) = groups.get(entity.group as usize) else {
            return;
        };
        entity.used = entity.used.saturating_add(group.virtual_ns(spent));
        group.charge(spent, now_ns);
        let used = entity.used;
        let least = self
            .ready
            .first()
            .map_or(used, |(_, first)| first.min(used));
        self.floor = self.floor.max(least);
        if self.floor > FAR {
            self.set_back();
        }
    }

    /// Chooses who runs from `now_ns` on. `None` where nobody here can.
    pub(super) fn choose(&mut self, groups: &[Group], now_ns: u64) -> Option<u32> {
        self.account(groups, now_ns);
        while let Some(vcpu) = self.parked.pop_until(now_ns) {
            self.enqueue(vcpu);
        }
        if let Some(vcpu) = self.current {
            if self.stays(vcpu, groups, now_ns) {
                return Some(vcpu);
            }
            self.put_back(vcpu, groups, now_ns);
        }
        while let Some((vcpu, _)) = self.ready.first() {
            self.ready.remove(vcpu);
            if self.park_if_spent(vcpu, groups, now_ns) {
                continue;
            }
            self.run(vcpu, now_ns);
            return Some(vcpu);
        }
        None
    }

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
        self.account(groups, now_ns);
        let soonest = self.switched_ns.saturating_add(MIN_RUN_NS);
        self.slice_end(groups, now_ns, 0)
            .map_or(now_ns, |end| end.max(soonest))
    }

    /// The one of those who wait that `thief` may take and that has used least.
    pub(super) fn best_for(&self, thief: CpuId, groups: &[Group], now_ns: u64) -> Option<u32> {
        let may = |vcpu: u32| {
            self.leaving != Some(vcpu)
                && self.entities.get(vcpu as usize).is_some_and(|entity| {
                    let group = groups.get(entity.group as usize);
                    let spent = group.and_then(|group| group.left(now_ns)) == Some(0);
                    entity.affinity.contains(thief) && !spent
                })
        };
        self.ready
            .iter()
            .filter(|(vcpu, _)| may(*vcpu))
            .min_by_key(|(_, key)| *key)
            .map(|(v, _)| v)
    }

    pub(super) fn is_current_or_ready(&self) -> bool {
        self.current.is_some() || !self.ready.is_empty()
    }

    fn stays(&mut self, vcpu: u32, groups: &[Group], now_ns: u64) -> bool {
        let cpu = self.cpu;
        let first = self.ready.first();
        let yielded = core::mem::take(&mut self.yielded);
        let soonest = self.switched_ns.saturating_add(MIN_RUN_NS);
        let Some(entity) = self.entity(vcpu) else {
            return false;
        };
        if !entity.affinity.contains(cpu) {
            return false;
        }
        let left = groups
            .get(entity.group as usize)
            .and_then(|group| group.left(now_ns));
        if left == Some(0) {
            return false;
        }
        match first {
            Some(_) if !yielded && now_ns < soonest => true,
            Some((_, used)) if yielded => {
                // Behind the next, but not behind all.
                entity.used = entity.used.max(used.saturating_add(1));
                false
            }
            Some((_, used)) => entity.used <= used,
            None => true,
        }
    }

    /// The current one has to go.
    fn put_back(&mut self, vcpu: u32, groups: &[Group], now_ns: u64) {
        let cpu = self.cpu;
        self.current = None;
        self.leaving = Some(vcpu);
        let Some(entity) = self.entity(vcpu) else {
            return;
        };
        if !entity.affinity.contains(cpu) {
            entity.state = State::Exiled;
        } else if !self.park_if_spent(vcpu, groups, now_ns) {
            self.enqueue(vcpu);
        }
    }

    fn park_if_spent(&mut self, vcpu: u32, groups: &[Group], now_ns: u64) -> bool {
        let Some(entity) = self.entity(vcpu) else {
            return false;
        };
        let Some(group) = groups.get(entity.group as usize) else {
            return false;
        };
        if group.left(now_ns) != Some(0) {
            return false;
        }
        entity.state = State::Parked;
        self.parked.set(vcpu, group.refill_ns(now_ns));
        true
    }

    fn enqueue(&mut self, vcpu: u32) {
        let Some(entity) = self.entity(vcpu) else {
            return;
        };
        entity.state = State::Ready;
        let used = entity.used;
        self.ready.set(vcpu, used);
    }

    fn run(&mut self, vcpu: u32, now_ns: u64) {
        if let Some(entity) = self.entity(vcpu) {
            entity.state = State::Running;
        }
        self.current = Some(vcpu);
        if self.leaving == Some(vcpu) {
            // Chosen again before it left.
            self.leaving = None;
        }
        self.switched_ns = now_ns;
        self.yielded = false;
    }

    /// When the current one will have used `grace_ns` more than the first of those who wait.
    fn slice_end(&mut self, groups: &[Group], now_ns: u64, grace_ns: u64) -> Option<u64> {
        let (_, next) = self.ready.first()?;
        let used = self.current.and_then(|vcpu| self.entity(vcpu))?.used;
        let ahead = self
            .current_group(groups)?
            .real_ns(next.saturating_sub(used));
        let slice = ahead.saturating_add(grace_ns).min(MAX_SLICE_NS);
        Some(now_ns.saturating_add(slice))
    }

    fn current_group<'a>(&mut self, groups: &'a [Group]) -> Option<&'a Group> {
        let entity = self.current.and_then(|vcpu| self.entity(vcpu))?;
        groups.get(entity.group as usize)
    }

    /// Sets virtual time back by what everybody has used. Once in years.
    fn set_back(&mut self) {
        let by = self.floor.saturating_sub(WAKE_LEAD_NS);
        self.floor -= by;
        for (vcpu, entity) in (0u32..).zip(self.entities.iter_mut()) {
            entity.used = entity.used.saturating_sub(by);
            if entity.state == State::Ready {
                self.ready.set(vcpu, entity.used);
            }
        }
    }
}
