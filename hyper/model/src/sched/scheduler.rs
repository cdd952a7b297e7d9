//! The scheduler of all CPUs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use spin::{Mutex, MutexGuard};

use super::cpu_set::SharedCpuSet;
use super::group::Group;
use super::queue::Queue;
use super::{CPUS, CpuId, CpuSet, Error, GroupSlot, Parameters};

/// The number of a virtual CPU among all that the scheduler knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcpuSlot(u32);

impl VcpuSlot {
    /// The number, below the capacity that the scheduler was made with.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a CPU does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who runs; `None` for nobody.
    pub vcpu: Option<VcpuSlot>,
    /// When to ask again, in ns of system time; `None` for not before a [`Kick`].
    pub until_ns: Option<u64>,
}

/// A CPU has to [pick](Scheduler::pick) again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Kick {
    /// Which.
    pub cpu: CpuId,
    /// When, in ns of system time; often now.
    pub at_ns: u64,
}

/// Every CPU's queue, and who belongs to which.
#[derive(Debug)]
pub struct Scheduler {
    queues: Box<[Mutex<Queue>]>,
    /// The CPU in whose queue each virtual CPU is; changes under the locks of both queues.
    homes: Box<[AtomicU32]>,
    groups: Box<[Group]>,
    idle: SharedCpuSet,
    slots: Mutex<Slots>,
}

/// Which numbers are taken.
#[derive(Debug)]
struct Slots {
    vcpus: Box<[bool]>,
    /// The number of virtual CPUs in each group, if there is one.
    groups: Box<[Option<u32>]>,
}

const NOWHERE: u32 = u32::MAX;

impl Scheduler {
    /// For CPUs `0..cpus`, and at most `vcpus` virtual CPUs in at most `groups` groups.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; [`Error::NoCpu`] for none, or more than [`CPUS`].
    pub fn new(cpus: u32, vcpus: u32, groups: u32) -> Result<Self, Error> {
        if !(1..=CPUS).contains(&cpus) {
            return Err(Error::NoCpu);
        }
        let queues: Result<Vec<_>, _> = (0..cpus)
            .map(|cpu| Queue::new(CpuId::new(cpu), vcpus))
            .collect();
        Ok(Self {
            queues: queues?.into_iter().map(Mutex::new).collect(),
            homes: filled(vcpus, || AtomicU32::new(NOWHERE))?,
            groups: filled(groups, Group::default)?,
            idle: SharedCpuSet::new(),
            slots: Mutex::new(Slots {
                vcpus: filled(vcpus, || false)?,
                groups: filled(groups, || None)?,
            }),
        })
    }
}

fn filled<T>(count: u32, fill: impl FnMut() -> T) -> Result<Box<[T]>, Error> {
    let mut items = Vec::new();
    items
        .try_reserve_exact(count as usize)
        .map_err(|_| Error::OutOfMemory)?;
    items.resize_with(count as usize, fill);
    Ok(items.into_boxed_slice())
}

/// Coming and going; not on hot paths.
impl Scheduler {
    /// Makes a group: one for each domain.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] without a free number; [`Error::BadWeight`].
    pub fn add_group(&self, parameters: Parameters) -> Result<GroupSlot, Error> {
        let mut slots = self.slots.lock();
        let free = slots.groups.iter_mut().zip(&self.groups).zip(0..);
        let ((slot, group), number) = free
            .into_iter()
            .find(|((slot, _), _)| slot.is_none())
            .ok_or(Error::OutOfMemory)?;
        group.set(parameters)?;
        *slot = Some(0);
        Ok(GroupSlot(number))
    }

    /// Ends a group.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::Busy`] where it has virtual CPUs.
    pub fn remove_group(&self, group: GroupSlot) -> Result<(), Error> {
        let mut slots = self.slots.lock();
        let slot = slots
            .groups
            .get_mut(group.0 as usize)
            .ok_or(Error::NoSuchSlot)?;
        match slot {
            None => return Err(Error::NoSuchSlot),
            Some(0) => *slot = None,
            Some(_) => return Err(Error::Busy),
        }
        self.group(group)?.clear();
        Ok(())
    }

    /// A group's weight and cap.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`].
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_getinfo")]
    pub fn parameters(&self, group: GroupSlot) -> Result<Parameters, Error> {
        Ok(self.group(group)?.parameters()).and_then(|found| {
            if found.weight == 0 {
                Err(Error::NoSuchSlot)
            } else {
                Ok(found)
            }
        })
    }

    /// Sets a group's weight and cap; it shows at the next decision.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::BadWeight`].
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_putinfo")]
    pub fn set_parameters(&self, group: GroupSlot, parameters: Parameters) -> Result<(), Error> {
        self.parameters(group)?;
        self.group(group)?.set(parameters)
    }

    /// Takes in a virtual CPU, asleep, that may run on the CPUs of `affinity`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] without a free number; [`Error::NoSuchSlot`] for the group;
    /// [`Error::NoCpu`].
    pub fn add(&self, group: GroupSlot, affinity: CpuSet) -> Result<VcpuSlot, Error> {
        let home = self.place(&affinity)?;
        let mut slots = self.slots.lock();
        let Slots { vcpus, groups } = &mut *slots;
        let members = groups.get_mut(group.0 as usize).and_then(Option::as_mut);
        let members = members.ok_or(Error::NoSuchSlot)?;
        let (taken, number) = vcpus
            .iter_mut()
            .zip(0..)
            .find(|(taken, _)| !**taken)
            .ok_or(Error::OutOfMemory)?;
        let mut queue = self.queue(home).ok_or(Error::NoCpu)?.lock();
        queue.adopt(number, group.0, affinity);
        self.set_home(number, home.raw());
        *members += 1;
        *taken = true;
        Ok(VcpuSlot(number))
    }

    /// Forgets a virtual CPU.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::Busy`] where it is not asleep or its context not saved.
    pub fn remove(&self, vcpu: VcpuSlot) -> Result<(), Error> {
        let mut slots = self.slots.lock();
        let (_, mut queue) = self.home(vcpu).ok_or(Error::NoSuchSlot)?;
        let group = queue.expel(vcpu.0)?;
        self.set_home(vcpu.0, NOWHERE);
        if let Some(taken) = slots.vcpus.get_mut(vcpu.index()) {
            *taken = false;
        }
        if let Some(Some(members)) = slots.groups.get_mut(group as usize) {
            *members = members.saturating_sub(1);
        }
        Ok(())
    }

    /// Says where a virtual CPU may run.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::NoCpu`].
    #[doc(alias = "XEN_DOMCTL_setvcpuaffinity")]
    pub fn set_affinity(
        &self,
        vcpu: VcpuSlot,
        affinity: CpuSet,
        now_ns: u64,
    ) -> Result<Option<Kick>, Error> {
        self.place(&affinity)?;
        let (cpu, mut queue) = self.home(vcpu).ok_or(Error::NoSuchSlot)?;
        queue.entity(vcpu.0).ok_or(Error::NoSuchSlot)?.affinity = affinity;
        if affinity.contains(cpu) {
            return Ok(None);
        }
        if queue.current == Some(vcpu.0) {
            return Ok(Some(Kick { cpu, at_ns: now_ns }));
        }
        drop(queue);
        Ok(self.move_to_allowed(vcpu, now_ns))
    }
}

/// Hot paths: they allocate nothing.
impl Scheduler {
    /// A virtual CPU wants to run. Nothing happens where it does already.
    pub fn wake(&self, vcpu: VcpuSlot, now_ns: u64) -> Option<Kick> {
        if self.queues.len() > 1 {
            self.move_to_idle(vcpu);
        }
        let (cpu, mut queue) = self.home(vcpu)?;
        if !queue.wake(vcpu.0) {
            return None;
        }
        self.idle.remove(cpu);
        Some(Kick {
            cpu,
            at_ns: queue.preempt_ns(&self.groups, now_ns),
        })
    }

    /// A virtual CPU wants to run no more. Where it runs at this moment, its CPU has to pick
    /// another.
    pub fn sleep(&self, vcpu: VcpuSlot, now_ns: u64) -> Option<Kick> {
        let (cpu, mut queue) = self.home(vcpu)?;
        queue
            .sleep(vcpu.0, &self.groups, now_ns)
            .then_some(Kick { cpu, at_ns: now_ns })
    }

    /// The virtual CPU that runs on `cpu` lets another have its turn, at the pick that follows.
    #[doc(alias = "SCHEDOP_yield")]
    pub fn yield_now(&self, cpu: CpuId) {
        if let Some(queue) = self.queue(cpu) {
            queue.lock().yield_now();
        }
    }

    /// Decides what `cpu` does from now on. If that is another virtual CPU than before, or none,
    /// [`Self::context_saved`] has to follow.
    #[must_use]
    pub fn pick(&self, cpu: CpuId, now_ns: u64) -> Decision {
        let Some(queue) = self.queue(cpu) else {
            return Decision {
                vcpu: None,
                until_ns: None,
            };
        };
        let mut queue = queue.lock();
        let mut chosen = queue.choose(&self.groups, now_ns);
        if chosen.is_none() && self.queues.len() > 1 && self.steal(cpu, &mut queue, now_ns) {
            chosen = queue.choose(&self.groups, now_ns);
        }
        if chosen.is_none() {
            self.idle.insert(cpu);
        } else {
            self.idle.remove(cpu);
        }
        Decision {
            vcpu: chosen.map(VcpuSlot),
            until_ns: queue.until_ns(&self.groups, now_ns),
        }
    }

    /// The context of whoever ran on `cpu` before is in memory: others may have it.
    pub fn context_saved(&self, cpu: CpuId, now_ns: u64) -> Option<Kick> {
        let mut queue = self.queue(cpu)?.lock();
        let vcpu = queue.leaving.take()?;
        let allowed = queue.entity(vcpu)?.affinity.contains(cpu);
        drop(queue);
        if allowed {
            None
        } else {
            self.move_to_allowed(VcpuSlot(vcpu), now_ns)
        }
    }
}

/// Moving between queues.
impl Scheduler {
    /// Moves a virtual CPU out of a queue where it may not be.
    fn move_to_allowed(&self, vcpu: VcpuSlot, now_ns: u64) -> Option<Kick> {
        let (_, mut queue) = self.home(vcpu)?;
        let affinity = queue.entity(vcpu.0)?.affinity;
        drop(queue);
        let to = self.place(&affinity).ok()?;
        self.migrate(vcpu, to)?;
        let mut queue = self.queue(to)?.lock();
        self.idle.remove(to);
        Some(Kick {
            cpu: to,
            at_ns: queue.preempt_ns(&self.groups, now_ns),
        })
    }

    /// Moves a virtual CPU that is about to wake to a CPU that has nothing to do, if its own has.
    fn move_to_idle(&self, vcpu: VcpuSlot) {
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
            self.migrate(vcpu, to);
        }
    }

    /// Moves a virtual CPU to another queue, if it may move now.
    fn migrate(&self, vcpu: VcpuSlot, to: CpuId) -> Option<()> {
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
            if !source.is_movable(vcpu.0) {
                return None;
            }
            source.hand_over(vcpu.0, target);
            self.set_home(vcpu.0, to.raw());
            return Some(());
        }
    }

    /// Takes over a virtual CPU that waits elsewhere. Holds its own queue's lock, so it only
    /// tries the others'.
    fn steal(&self, cpu: CpuId, own: &mut Queue, now_ns: u64) -> bool {
        let others = (0u32..)
            .zip(&self.queues)
            .filter(|(other, _)| *other != cpu.raw());
        for (_, other) in others {
            let Some(mut other) = other.try_lock() else {
                continue;
            };
            if let Some(vcpu) = other.best_for(cpu, &self.groups, now_ns) {
                other.hand_over(vcpu, own);
                self.set_home(vcpu, cpu.raw());
                return true;
            }
        }
        false
    }

    /// The queue that a virtual CPU is in, locked.
    fn home(&self, vcpu: VcpuSlot) -> Option<(CpuId, MutexGuard<'_, Queue>)> {
        let home = self.homes.get(vcpu.index())?;
        loop {
            let cpu = home.load(Ordering::Acquire);
            let queue = self.queues.get(cpu as usize)?.lock();
            // It may have moved while we waited for the lock.
            if home.load(Ordering::Acquire) == cpu {
                return Some((CpuId::new(cpu), queue));
            }
        }
    }

    fn set_home(&self, vcpu: u32, cpu: u32) {
        if let Some(home) = self.homes.get(vcpu as usize) {
            home.store(cpu, Ordering::Release);
        }
    }

    /// A CPU of the set, an idle one if there is one.
    fn place(&self, affinity: &CpuSet) -> Result<CpuId, Error> {
        let exists = |cpu: &CpuId| self.queue(*cpu).is_some();
        let idle = self.idle.first_of(affinity).filter(exists);
        idle.or_else(|| affinity.iter().find(exists))
            .ok_or(Error::NoCpu)
    }

    fn queue(&self, cpu: CpuId) -> Option<&Mutex<Queue>> {
        self.queues.get(cpu.raw() as usize)
    }

    fn group(&self, group: GroupSlot) -> Result<&Group, Error> {
        self.groups.get(group.0 as usize).ok_or(Error::NoSuchSlot)
    }
}
