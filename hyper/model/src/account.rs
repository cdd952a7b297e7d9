//! What a virtual CPU did, in numbers.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::Hypercall;
use ringwall_abi::ringwall::{HYPERCALL_CLASSES, HypercallClass, VcpuCounters};

/// Hypercalls have numbers below.
const NUMBERS: usize = 64;

/// A number that one CPU counts up, that which runs the virtual CPU, and all may read: no atomic addition.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    #[inline]
    pub fn count(&self) {
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now.wrapping_add(1), Ordering::Relaxed);
    }

    /// How many.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// What is counted of a virtual CPU.
#[derive(Debug)]
pub struct Counters {
    hypercalls: [Counter; NUMBERS],
    /// Page faults that the guest's handler got.
    pub page_faults: Counter,
    /// Writes to page tables that were emulated.
    pub emulated_writes: Counter,
    /// Privileged instructions that came for emulation.
    pub emulated_instructions: Counter,
    /// Upcalls.
    pub upcalls: Counter,
    /// Elements of grant operations.
    pub grants: Counter,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            hypercalls: [const { Counter(AtomicU64::new(0)) }; NUMBERS],
            page_faults: Counter::default(),
            emulated_writes: Counter::default(),
            emulated_instructions: Counter::default(),
            upcalls: Counter::default(),
            grants: Counter::default(),
        }
    }
}

impl Counters {
    /// Counts a hypercall by its number.
    #[inline]
    pub fn count_hypercall(&self, hypercall: Hypercall) {
        // A number is below, so that the mask changes nothing, and no check is compiled.
        let index = hypercall.number() as usize % NUMBERS;
        if let Some(counter) = self.hypercalls.get(index) {
            counter.count();
        }
    }

    /// Begins again.
    pub fn reset(&self) {
        let others = [
            &self.page_faults,
            &self.emulated_writes,
            &self.emulated_instructions,
            &self.upcalls,
            &self.grants,
        ];
        for counter in self.hypercalls.iter().chain(others) {
            counter.reset();
        }
    }

    /// What tools are told.
    #[must_use]
    pub fn tell(&self) -> VcpuCounters {
        let mut hypercalls = [0_u64; HYPERCALL_CLASSES];
        for (counter, number) in self.hypercalls.iter().zip(0..) {
            let Some(hypercall) = Hypercall::from_number(number) else {
                continue;
            };
            if let Some(sum) = hypercalls.get_mut(class(hypercall) as usize) {
                *sum = sum.wrapping_add(counter.get());
            }
        }
        VcpuCounters {
            hypercalls,
            page_faults: self.page_faults.get(),
            emulated_writes: self.emulated_writes.get(),
            emulated_instructions: self.emulated_instructions.get(),
            upcalls: self.upcalls.get(),
            grants: self.grants.get(),
        }
    }
}

/// What a hypercall is about.
#[must_use]
pub const fn class(hypercall: Hypercall) -> HypercallClass {
    match hypercall {
        Hypercall::MmuUpdate
        | Hypercall::UpdateVaMapping
        | Hypercall::UpdateVaMappingOtherdomain
        | Hypercall::MmuextOp
        | Hypercall::MemoryOp => HypercallClass::Memory,
        Hypercall::SetTrapTable
        | Hypercall::SetGdt
        | Hypercall::StackSwitch
        | Hypercall::SetCallbacks
        | Hypercall::FpuTaskswitch
        | Hypercall::SetDebugreg
        | Hypercall::GetDebugreg
        | Hypercall::UpdateDescriptor
        | Hypercall::SetSegmentBase
        | Hypercall::Iret
        | Hypercall::NmiOp
        | Hypercall::CallbackOp => HypercallClass::State,
        Hypercall::EventChannelOp => HypercallClass::Events,
        Hypercall::GrantTableOp => HypercallClass::Grants,
        Hypercall::SchedOp | Hypercall::VcpuOp | Hypercall::SetTimerOp => {
            HypercallClass::Scheduling
        }
        Hypercall::Domctl
        | Hypercall::Sysctl
        | Hypercall::PlatformOp
        | Hypercall::PhysdevOp
        | Hypercall::Arch1 => HypercallClass::Control,
        Hypercall::Multicall => HypercallClass::Multicalls,
        _ => HypercallClass::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, Hypercall, HypercallClass, NUMBERS};

    #[test]
    fn hypercalls_are_told_by_class() {
        let counters = Counters::default();
        counters.count_hypercall(Hypercall::MmuUpdate);
        counters.count_hypercall(Hypercall::MmuextOp);
        counters.count_hypercall(Hypercall::Arch1);
        counters.upcalls.count();
        let told = counters.tell();
        assert_eq!(told.hypercalls[HypercallClass::Memory as usize], 2);
        assert_eq!(told.hypercalls[HypercallClass::Control as usize], 1);
        assert_eq!(told.hypercalls.iter().sum::<u64>(), 3);
        assert_eq!((told.upcalls, told.grants), (1, 0));
        counters.reset();
        assert_eq!(counters.tell(), Counters::default().tell());
    }

    #[test]
    fn every_number_has_a_counter_of_its_own() {
        for number in 0..4096 {
            if let Some(hypercall) = Hypercall::from_number(number) {
                assert!((hypercall.number() as usize) < NUMBERS, "{number}");
            }
        }
    }
}
