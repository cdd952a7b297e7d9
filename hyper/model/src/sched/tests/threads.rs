//! Several CPUs at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::sched::{CpuId, CpuSet, Parameters, Scheduler, VcpuSlot};

const CPUS: u32 = 3;
const ROUNDS: u64 = 5_000;

/// Nobody runs on two CPUs, and nobody is lost, while CPUs pick, steal, wake and move.
#[test]
fn a_virtual_cpu_runs_in_one_place() {
    let scheduler = Scheduler::new(CPUS, 8, 1).expect("memory");
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let vcpus: Vec<_> = (0..8)
        .map(|_| scheduler.add(group, CpuSet::ALL).expect("a slot"))
        .collect();
    let running: Vec<_> = (0..8).map(|_| AtomicBool::new(false)).collect();
    let runs: Vec<_> = (0..8).map(|_| AtomicU64::new(0)).collect();
    for vcpu in &vcpus {
        let _ = scheduler.wake(*vcpu, 0);
    }
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            let (scheduler, vcpus, running, runs) = (&scheduler, &vcpus, &running, &runs);
            scope.spawn(move || {
                let id = CpuId::new(cpu);
                let mut current: Option<VcpuSlot> = None;
                for round in 0..ROUNDS {
                    let now = round * 1_000_000;
                    let next = scheduler.pick(id, now).vcpu;
                    if next != current {
                        if let Some(vcpu) = current {
                            running[vcpu.index()].store(false, Ordering::SeqCst);
                        }
                        let _ = scheduler.context_saved(id, now);
                        if let Some(vcpu) = next {
                            assert!(!running[vcpu.index()].swap(true, Ordering::SeqCst));
                            runs[vcpu.index()].fetch_add(1, Ordering::SeqCst);
                        }
                        current = next;
                    }
                    let other = vcpus[((round + u64::from(cpu)) % 8) as usize];
                    match (round % 7, current) {
                        (0, Some(vcpu)) => _ = scheduler.sleep(vcpu, now),
                        (1, _) => _ = scheduler.sleep(other, now),
                        (2, _) => {
                            let only = CpuSet::of(CpuId::new((cpu + 1) % CPUS));
                            let _ = scheduler.set_affinity(other, only, now).expect("a CPU");
                        }
                        (3, _) => _ = scheduler.set_affinity(other, CpuSet::ALL, now),
                        _ => _ = scheduler.wake(other, now),
                    }
                }
            });
        }
    });
    assert!(runs.iter().all(|runs| runs.load(Ordering::SeqCst) > 0));
    // Everybody can still be woken, run and be put to sleep.
    let now = (ROUNDS + 1) * 1_000_000;
    for vcpu in &vcpus {
        let _ = scheduler.sleep(*vcpu, now);
    }
    for cpu in (0..CPUS).map(CpuId::new) {
        assert_eq!(scheduler.pick(cpu, now).vcpu, None);
        let _ = scheduler.context_saved(cpu, now);
    }
    for vcpu in &vcpus {
        let kick = scheduler.wake(*vcpu, now).expect("asleep");
        assert_eq!(scheduler.pick(kick.cpu, now).vcpu, Some(*vcpu));
        assert!(scheduler.sleep(*vcpu, now).is_some());
        assert_eq!(scheduler.pick(kick.cpu, now).vcpu, None);
        let _ = scheduler.context_saved(kick.cpu, now);
        assert_eq!(scheduler.remove(*vcpu), Ok(()));
    }
}
