//! A machine that notes how long each thing took that was asked of it.

use core::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::{DomainId, Mfn, Pfn, Port, VcpuId};
use ringwall_builder::{Machine, Memory};
use ringwall_control::{DomainSettings, OutOfRange, Populated, Result};

type Times = Rc<RefCell<Vec<(&'static str, Duration)>>>;

/// Wraps a machine.
pub(crate) struct Timed<'a, M> {
    machine: &'a M,
    times: Times,
}

/// Wraps memory, to note what unmapping it takes.
pub(crate) struct TimedMemory<M> {
    memory: Option<M>,
    times: Times,
}

impl<'a, M> Timed<'a, M> {
    pub(crate) fn new(machine: &'a M) -> Self {
        Self {
            machine,
            times: Rc::default(),
        }
    }

    /// Each operation by its name, with the time that all of its kind took.
    pub(crate) fn sums(&self) -> Vec<(&'static str, Duration)> {
        let mut sums: Vec<(&'static str, Duration)> = Vec::new();
        for (name, time) in self.times.borrow().iter() {
            match sums.iter_mut().find(|(other, _)| other == name) {
                Some((_, sum)) => *sum += *time,
                None => sums.push((name, *time)),
            }
        }
        sums
    }

    fn note<T>(&self, name: &'static str, action: impl FnOnce() -> T) -> T {
        note(&self.times, name, action)
    }

    fn wrap<N>(&self, memory: N) -> TimedMemory<N> {
        TimedMemory {
            memory: Some(memory),
            times: Rc::clone(&self.times),
        }
    }
}

fn note<T>(times: &Times, name: &'static str, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    times.borrow_mut().push((name, start.elapsed()));
    result
}

impl<M> Drop for TimedMemory<M> {
    fn drop(&mut self) {
        note(&self.times, "unmap", || self.memory.take());
    }
}

impl<M: Memory> Memory for TimedMemory<M> {
    fn write(&self, offset: usize, bytes: &[u8]) -> core::result::Result<(), OutOfRange> {
        let memory = self.memory.as_ref().ok_or(OutOfRange)?;
        note(&self.times, "write", || memory.write(offset, bytes))
    }

    fn clear(&self, offset: usize, length: usize) -> core::result::Result<(), OutOfRange> {
        let memory = self.memory.as_ref().ok_or(OutOfRange)?;
        note(&self.times, "clear", || memory.clear(offset, length))
    }
}

impl<M: Machine> Machine for Timed<'_, M> {
    type Memory = TimedMemory<M::Memory>;

    fn offered_features(&self) -> Result<u32> {
        self.note("features", || self.machine.offered_features())
    }

    fn free_pages(&self) -> Result<u64> {
        self.note("free", || self.machine.free_pages())
    }

    fn frames_are_clean(&self) -> Result<bool> {
        self.note("clean", || self.machine.frames_are_clean())
    }

    fn create_domain(&self, settings: &DomainSettings) -> Result<DomainId> {
        self.note("create", || self.machine.create_domain(settings))
    }

    fn destroy_domain(&self, domain: DomainId) -> Result<()> {
        self.note("destroy", || self.machine.destroy_domain(domain))
    }

    fn set_max_pages(&self, domain: DomainId, pages: u64) -> Result<()> {
        self.note("limit", || self.machine.set_max_pages(domain, pages))
    }

    fn populate(&self, domain: DomainId, order: u32, extents: &[Pfn]) -> Result<Populated> {
        self.note("populate", || self.machine.populate(domain, order, extents))
    }

    fn map_frames(&self, domain: DomainId, frames: &[Mfn]) -> Result<Self::Memory> {
        let memory = self.note("map", || self.machine.map_frames(domain, frames))?;
        Ok(self.wrap(memory))
    }

    fn map_grant_table(&self, domain: DomainId) -> Result<Self::Memory> {
        let memory = self.note("grants", || self.machine.map_grant_table(domain))?;
        Ok(self.wrap(memory))
    }

    fn shared_info_frame(&self, domain: DomainId) -> Result<Mfn> {
        self.note("info", || self.machine.shared_info_frame(domain))
    }

    fn allocate_unbound_port(&self, domain: DomainId, remote: DomainId) -> Result<Port> {
        self.note("port", || {
            self.machine.allocate_unbound_port(domain, remote)
        })
    }

    fn fill_hypercall_page(&self, domain: DomainId, frame: Mfn) -> Result<()> {
        self.note("hypercalls", || {
            self.machine.fill_hypercall_page(domain, frame)
        })
    }

    fn pin_root_table(&self, domain: DomainId, root: Mfn) -> Result<()> {
        self.note("pin", || self.machine.pin_root_table(domain, root))
    }

    fn set_vcpu_context(
        &self,
        domain: DomainId,
        vcpu: VcpuId,
        context: &VcpuGuestContext,
    ) -> Result<()> {
        self.note("context", || {
            self.machine.set_vcpu_context(domain, vcpu, context)
        })
    }

    fn pin_vcpu(&self, domain: DomainId, vcpu: VcpuId, cpus: &[u32]) -> Result<()> {
        self.note("affinity", || self.machine.pin_vcpu(domain, vcpu, cpus))
    }
}
