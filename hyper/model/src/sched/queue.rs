//! A CPU's queue.

use alloc::boxed::Box;

use super::entity::{Entity, Left, State};
use super::group::Group;
use super::slice::MIN_RUN_NS;
use super::{CpuId, CpuSet, Error};
use crate::time::Heap;

/// How far before the others one is placed that wakes, in ns of virtual time.
const WAKE_LEAD_NS: u64 = 1_000_000;
/// Virtual time is set back when it gets here.
const FAR: u64 = 1 << 62;

/// The virtual CPUs that belong to a CPU, under the lock that is around it.
#[derive(Debug)]
pub(super) struct Queue {
    cpu: CpuId,
    /// By the number of the virtual CPU; only those that belong here.
    entities: Box<[Entity]>,
    /// Those that wait, by virtual time.
    pub(super) ready: Heap,
    /// Those that are parked, by the end of it in ns.
    pub(super) parked: Heap,
    pub(super) current: Option<u32>,
    /// Whose context is still being saved.
    pub(super) leaving: Option<u32>,
    /// Virtual time below which nobody in the queue is, but those who just woke.
    floor: u64,
    /// When the current one was switched in, and until when its time is accounted.
    pub(super) switched_ns: u64,
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
        let here = self.is_here(vcpu);
        let entity = self.entity(vcpu).ok_or(Error::NoSuchSlot)?;
        if entity.state != State::Asleep || here {
            return Err(Error::Busy);
        }
        Ok(core::mem::replace(entity, Entity::ABSENT).group)
    }

    /// Whether its registers are this CPU's, or still being saved: no other CPU may have it.
    pub(super) fn is_here(&self, vcpu: u32) -> bool {
        self.current == Some(vcpu) || self.leaving == Some(vcpu)
    }

    /// Moves it to another queue, waiting or asleep as it was.
    pub(super) fn hand_over(&mut self, vcpu: u32, to: &mut Self, groups: &[Group], now_ns: u64) {
        self.account(groups, now_ns);
        to.account(groups, now_ns);
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

    /// It wants to run. False where it did already, or still runs.
    pub(super) fn wake(&mut self, vcpu: u32, groups: &[Group], now_ns: u64) -> bool {
        // The floor rises with the current one.
        self.account(groups, now_ns);
        let lead = self.floor.saturating_sub(WAKE_LEAD_NS);
        let still_current = self.current == Some(vcpu);
        let Some(entity) = self
            .entity(vcpu)
            .filter(|entity| entity.state == State::Asleep)
        else {
            return false;
        };
        entity.used = entity.used.max(lead);
        if still_current {
            entity.state = State::Running;
            return false;
        }
        self.enqueue(vcpu);
        true
    }

    /// It does not want to run. True where it does, so that the CPU has to pick another: until
    /// then it stays the current one.
    pub(super) fn sleep(&mut self, vcpu: u32) -> bool {
        self.ready.remove(vcpu);
        self.parked.remove(vcpu);
        let Some(entity) = self.entity(vcpu) else {
            return false;
        };
        core::mem::replace(&mut entity.state, State::Asleep) == State::Running
    }

    /// The context of the one that left is saved.
    pub(super) fn left(&mut self) -> Option<Left> {
        let cpu = self.cpu;
        let vcpu = self.leaving.take()?;
        let entity = self.entity(vcpu)?;
        if !entity.affinity.contains(cpu) {
            return Some(Left::ForElsewhere(vcpu));
        }
        if entity.state != State::Exiled {
            return None;
        }
        self.enqueue(vcpu);
        Some(Left::ToReturn)
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
            if self.exile_if_barred(vcpu) || self.park_if_spent(vcpu, groups, now_ns) {
                continue;
            }
            self.run(vcpu, now_ns);
            return Some(vcpu);
        }
        None
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
        if !entity.affinity.contains(cpu) || entity.state != State::Running {
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
        self.current = None;
        self.leaving = Some(vcpu);
        let asleep = |entity: &mut Entity| entity.state == State::Asleep;
        if self.entity(vcpu).is_none_or(asleep)
            || self.exile_if_barred(vcpu)
            || self.park_if_spent(vcpu, groups, now_ns)
        {
            return;
        }
        self.enqueue(vcpu);
    }

    fn exile_if_barred(&mut self, vcpu: u32) -> bool {
        let cpu = self.cpu;
        let barred = self
            .entity(vcpu)
            .filter(|entity| !entity.affinity.contains(cpu));
        barred.map(|entity| entity.state = State::Exiled).is_some()
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

#[cfg(test)]
mod tests {
    use super::{CpuId, CpuSet, FAR, Queue, WAKE_LEAD_NS};
    use crate::sched::Parameters;
    use crate::sched::group::Group;

    #[test]
    fn virtual_time_is_set_back_before_it_ends() {
        let groups = [Group::default()];
        groups[0].set(Parameters::default()).expect("a weight");
        let mut queue = Queue::new(CpuId::new(0), 3).expect("memory");
        queue.floor = FAR - 5;
        for vcpu in 0..3 {
            queue.adopt(vcpu, 0, CpuSet::ALL);
            assert!(queue.wake(vcpu, &groups, 0));
        }
        let mut order = Vec::new();
        for round in 0..6 {
            order.push(queue.choose(&groups, round * 10_000_000));
        }
        order.sort();
        assert_eq!(order, [0, 0, 1, 1, 2, 2].map(Some));
        assert!(queue.floor < 100_000_000 + WAKE_LEAD_NS, "{}", queue.floor);
    }
}
