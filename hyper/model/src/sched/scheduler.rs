//! The scheduler of all CPUs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use spin::{Mutex, MutexGuard};

use super::cpu_set::SharedCpuSet;
use super::entity::Left;
use super::group::Group;
use super::queue::Queue;
use super::{CPUS, CpuId, CpuSet, Error, GroupSlot};

/// The number of a virtual CPU among all that the scheduler knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcpuSlot(pub(super) u32);

impl VcpuSlot {
    /// The slot of a number that [`Self::index`] gave; any other names nobody.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

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
    pub(super) queues: Box<[Mutex<Queue>]>,
    /// The CPU in whose queue each virtual CPU is; changes under the locks of both queues.
    pub(super) homes: Box<[AtomicU32]>,
    pub(super) groups: Box<[Group]>,
    pub(super) idle: SharedCpuSet,
    pub(super) slots: Mutex<Slots>,
}

/// Which numbers are taken.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) vcpus: Box<[bool]>,
    /// The number of virtual CPUs in each group, if there is one.
    pub(super) groups: Box<[Option<u32>]>,
}

pub(super) const NOWHERE: u32 = u32::MAX;

impl Scheduler {
    /// For CPUs `0..cpus`, and at most `vcpus` virtual CPUs in at most `groups` groups.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; [`Error::NoCpu`] for none, or more than [`CPUS`].
    pub fn new(cpus: u32, vcpus: u32, groups: u32) -> Result<Self, Error> {
        if !(1..=CPUS).contains(&cpus) {
            return Err(Error::NoCpu);
        }
        let mut queues = Vec::new();
        queues
            .try_reserve_exact(cpus as usize)
            .map_err(|_| Error::OutOfMemory)?;
        for cpu in 0..cpus {
            queues.push(Mutex::new(Queue::new(CpuId::new(cpu), vcpus)?));
        }
        Ok(Self {
            queues: queues.into_boxed_slice(),
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

/// Hot paths: they allocate nothing.
impl Scheduler {
    /// A virtual CPU wants to run. Nothing happens where it does already.
    pub fn wake(&self, vcpu: VcpuSlot, now_ns: u64) -> Option<Kick> {
        if self.queues.len() > 1 {
            self.move_to_idle(vcpu, now_ns);
        }
        let (cpu, mut queue) = self.home(vcpu)?;
        if !queue.wake(vcpu.0, &self.groups, now_ns) {
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
        queue.sleep(vcpu.0).then_some(Kick { cpu, at_ns: now_ns })
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
        match queue.left()? {
            Left::ToReturn => Some(Kick {
                cpu,
                at_ns: queue.preempt_ns(&self.groups, now_ns),
            }),
            Left::ForElsewhere(vcpu) => {
                drop(queue);
                self.move_to_allowed(VcpuSlot(vcpu), now_ns)
            }
        }
    }
}

impl Scheduler {
    /// The queue that a virtual CPU is in, locked.
    pub(super) fn home(&self, vcpu: VcpuSlot) -> Option<(CpuId, MutexGuard<'_, Queue>)> {
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

    pub(super) fn set_home(&self, vcpu: u32, cpu: u32) {
        if let Some(home) = self.homes.get(vcpu as usize) {
            home.store(cpu, Ordering::Release);
        }
    }

    /// A CPU of the set, an idle one if there is one.
    pub(super) fn place(&self, affinity: &CpuSet) -> Result<CpuId, Error> {
        let exists = |cpu: &CpuId| self.queue(*cpu).is_some();
        let idle = self.idle.first_of(affinity).filter(exists);
        idle.or_else(|| affinity.iter().find(exists))
            .ok_or(Error::NoCpu)
    }

    pub(super) fn queue(&self, cpu: CpuId) -> Option<&Mutex<Queue>> {
        self.queues.get(cpu.raw() as usize)
    }

    pub(super) fn group(&self, group: GroupSlot) -> Result<&Group, Error> {
        self.groups.get(group.0 as usize).ok_or(Error::NoSuchSlot)
    }
}
