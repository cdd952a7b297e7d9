//! A machine in simulated time.

use crate::sched::{CpuId, CpuSet, Decision, GroupSlot, Kick, Parameters, Scheduler, VcpuSlot};

pub(super) const MS: u64 = 1_000_000;

/// What a virtual CPU does: runs for `run_ns`, sleeps for `sleep_ns`, and again. One that does
/// not sleep runs for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) run_ns: u64,
    pub(super) sleep_ns: u64,
}

pub(super) const HOG: Load = Load {
    run_ns: u64::MAX,
    sleep_ns: 0,
};

#[derive(Debug)]
pub(super) struct Vcpu {
    pub(super) slot: VcpuSlot,
    load: Load,
    affinity: CpuSet,
    left_ns: u64,
    /// When it wakes, if it sleeps.
    wakes_ns: Option<u64>,
    /// Since when it has been waiting to run after it woke.
    woke_ns: Option<u64>,
    /// When it ran last, or woke.
    idle_since_ns: u64,
    pub(super) used_ns: u64,
    pub(super) worst_latency_ns: u64,
    pub(super) longest_wait_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cpu {
    current: Option<usize>,
    pick_ns: Option<u64>,
    since_ns: u64,
}

pub(super) struct Machine {
    pub(super) scheduler: Scheduler,
    pub(super) now_ns: u64,
    pub(super) vcpus: Vec<Vcpu>,
    cpus: Vec<Cpu>,
    pub(super) switches: u64,
}

impl Machine {
    pub(super) fn new(cpus: u32) -> Self {
        Self {
            scheduler: Scheduler::new(cpus, 64, 64).expect("memory"),
            now_ns: 0,
            vcpus: Vec::new(),
            cpus: vec![
                Cpu {
                    pick_ns: Some(0),
                    ..Cpu::default()
                };
                cpus as usize
            ],
            switches: 0,
        }
    }

    pub(super) fn group(&self, weight: u16, cap: u16) -> GroupSlot {
        self.scheduler
            .add_group(Parameters { weight, cap })
            .expect("a group")
    }

    /// Adds a virtual CPU, awake; returns its index.
    pub(super) fn add(&mut self, group: GroupSlot, affinity: CpuSet, load: Load) -> usize {
        let slot = self.scheduler.add(group, affinity).expect("a slot");
        self.vcpus.push(Vcpu {
            slot,
            load,
            affinity,
            left_ns: load.run_ns,
            wakes_ns: None,
            woke_ns: None,
            idle_since_ns: self.now_ns,
            used_ns: 0,
            worst_latency_ns: 0,
            longest_wait_ns: 0,
        });
        let kick = self.scheduler.wake(slot, self.now_ns);
        self.kick(kick);
        self.vcpus.len() - 1
    }

    pub(super) fn add_one(&mut self, weight: u16, cap: u16, load: Load) -> usize {
        let group = self.group(weight, cap);
        self.add(group, CpuSet::ALL, load)
    }

    pub(super) fn set_affinity(&mut self, index: usize, affinity: CpuSet) {
        let vcpu = &mut self.vcpus[index];
        vcpu.affinity = affinity;
        let kick = self
            .scheduler
            .set_affinity(vcpu.slot, affinity, self.now_ns)
            .expect("a CPU");
        self.kick(kick);
    }

    pub(super) fn run(&mut self, until_ns: u64) {
        while let Some(next) = self.next_event().filter(|next| *next <= until_ns) {
            self.advance(next.max(self.now_ns));
            self.wake_sleepers();
            self.end_bursts();
            for cpu in 0..self.cpus.len() {
                if self.cpus[cpu].pick_ns.is_some_and(|at| at <= self.now_ns) {
                    self.pick(cpu);
                }
            }
        }
        self.advance(until_ns);
    }

    fn next_event(&self) -> Option<u64> {
        let picks = self.cpus.iter().filter_map(|cpu| cpu.pick_ns);
        let running = self.cpus.iter().filter_map(|cpu| cpu.current);
        let ends = running.map(|index| self.now_ns.saturating_add(self.vcpus[index].left_ns));
        let wakes = self.vcpus.iter().filter_map(|vcpu| vcpu.wakes_ns);
        picks.chain(ends).chain(wakes).min()
    }

    fn advance(&mut self, to_ns: u64) {
        for cpu in &mut self.cpus {
            if let Some(index) = cpu.current {
                let vcpu = &mut self.vcpus[index];
                let spent = to_ns - self.now_ns;
                vcpu.used_ns += spent;
                if vcpu.left_ns != u64::MAX {
                    vcpu.left_ns = vcpu.left_ns.saturating_sub(spent);
                }
                vcpu.idle_since_ns = to_ns;
            }
            cpu.since_ns = to_ns;
        }
        self.now_ns = to_ns;
        for vcpu in self.vcpus.iter_mut().filter(|vcpu| vcpu.wakes_ns.is_none()) {
            vcpu.longest_wait_ns = vcpu.longest_wait_ns.max(to_ns - vcpu.idle_since_ns);
        }
    }

    fn wake_sleepers(&mut self) {
        for index in 0..self.vcpus.len() {
            let vcpu = &mut self.vcpus[index];
            if vcpu.wakes_ns.take_if(|at| *at <= self.now_ns).is_some() {
                vcpu.left_ns = vcpu.load.run_ns;
                vcpu.woke_ns = Some(self.now_ns);
                vcpu.idle_since_ns = self.now_ns;
                let kick = self.scheduler.wake(vcpu.slot, self.now_ns);
                self.kick(kick);
            }
        }
    }

    fn end_bursts(&mut self) {
        for cpu in 0..self.cpus.len() {
            let Some(index) = self.cpus[cpu].current else {
                continue;
            };
            let vcpu = &mut self.vcpus[index];
            if vcpu.left_ns == 0 {
                vcpu.wakes_ns = Some(self.now_ns + vcpu.load.sleep_ns);
                let kick = self.scheduler.sleep(vcpu.slot, self.now_ns);
                assert!(kick.is_some());
                self.kick(kick);
            }
        }
    }

    fn pick(&mut self, cpu: usize) {
        let id = CpuId::new(u32::try_from(cpu).expect("small"));
        let Decision { vcpu, until_ns } = self.scheduler.pick(id, self.now_ns);
        let chosen = vcpu.map(|slot| {
            self.vcpus
                .iter()
                .position(|vcpu| vcpu.slot == slot)
                .expect("one of ours")
        });
        let before = core::mem::replace(&mut self.cpus[cpu].current, chosen);
        self.cpus[cpu].pick_ns = until_ns;
        assert!(
            until_ns.is_none_or(|until| until > self.now_ns),
            "a decision lasts"
        );
        if let Some(index) = chosen {
            let elsewhere = self.cpus.iter().filter(|cpu| cpu.current == chosen).count();
            assert_eq!(elsewhere, 1, "a virtual CPU runs on one CPU");
            let vcpu = &mut self.vcpus[index];
            assert!(
                vcpu.affinity.contains(id),
                "a virtual CPU runs where it may"
            );
            assert!(
                vcpu.wakes_ns.is_none(),
                "a virtual CPU runs when it wants to"
            );
            if let Some(woke) = vcpu.woke_ns.take() {
                vcpu.worst_latency_ns = vcpu.worst_latency_ns.max(self.now_ns - woke);
            }
        }
        if before != chosen {
            self.switches += 1;
            let kick = self.scheduler.context_saved(id, self.now_ns);
            self.kick(kick);
        }
    }

    fn kick(&mut self, kick: Option<Kick>) {
        let Some(Kick { cpu, at_ns }) = kick else {
            return;
        };
        let cpu = &mut self.cpus[cpu.raw() as usize];
        cpu.pick_ns = Some(cpu.pick_ns.map_or(at_ns, |at| at.min(at_ns)));
    }
}
