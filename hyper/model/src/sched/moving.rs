//! Moving virtual CPUs between queues.

use core::sync::atomic::Ordering;

use super::queue::Queue;
use super::{CpuId, Kick, Scheduler, VcpuSlot};

impl Scheduler {
    /// Moves a virtual CPU out of a queue where it may not be.
    pub(super) fn move_to_allowed(&self, vcpu: VcpuSlot, now_ns: u64) -> Option<Kick> {
        let (_, mut queue) = self.home(vcpu)?;
        let affinity = queue.entity(vcpu.0)?.affinity;
        drop(queue);
        let to = self.place(&affinity).ok()?;
        self.migrate(vcpu, to, now_ns)?;
        let mut queue = self.queue(to)?.lock();
        self.idle.remove(to);
        Some(Kick {
            cpu: to,
            at_ns: queue.preempt_ns(&self.groups, now_ns),
        })
    }

    /// Moves a virtual CPU that is about to wake to a CPU that has nothing to do, if its own has.
    pub(super) fn move_to_idle(&self, vcpu: VcpuSlot, now_ns: u64) {
        let Some((cpu, mut queue)) = self.home(vcpu) else {
            return;
        };
        let Some(affinity) = queue.entity(vcpu.0).map(|entity| entity.affinity) else {
            return;
        };
        if affinity.contains(cpu) && !queue.is_current_or_ready() {
            return;
        }
        drop(queue);
        if let Some(to) = self.idle.first_of(&affinity).filter(|to| *to != cpu) {
            self.migrate(vcpu, to, now_ns);
        }
    }

    /// Moves a virtual CPU to another queue, if it may move now.
    fn migrate(&self, vcpu: VcpuSlot, to: CpuId, now_ns: u64) -> Option<()> {
        loop {
            let from = self.homes.get(vcpu.index())?.load(Ordering::Acquire);
            if from == to.raw() {
                return Some(());
            }
            let (mut low, mut high) = (
                self.queue(CpuId::new(from.min(to.raw())))?.lock(),
                self.queue(CpuId::new(from.max(to.raw())))?.lock(),
            );
            let (source, target) = if from < to.raw() {
                (&mut *low, &mut *high)
            } else {
                (&mut *high, &mut *low)
            };
            // Only under its lock a queue's members stay.
            if self.homes.get(vcpu.index())?.load(Ordering::Acquire) != from {
                continue;
            }
            if source.is_here(vcpu.0) {
                return None;
            }
            source.hand_over(vcpu.0, target, &self.groups, now_ns);
            self.set_home(vcpu.0, to.raw());
            return Some(());
        }
    }

    /// Takes over a virtual CPU that waits elsewhere. Holds its own queue's lock, so it only
    /// tries the others'.
    pub(super) fn steal(&self, cpu: CpuId, own: &mut Queue, now_ns: u64) -> bool {
        let others = (0u32..)
            .zip(&self.queues)
            .filter(|(other, _)| *other != cpu.raw());
        for (_, other) in others {
            let Some(mut other) = other.try_lock() else {
                continue;
            };
            if let Some(vcpu) = other.best_for(cpu, &self.groups, now_ns) {
                other.hand_over(vcpu, own, &self.groups, now_ns);
                self.set_home(vcpu, cpu.raw());
                return true;
            }
        }
        false
    }
}
