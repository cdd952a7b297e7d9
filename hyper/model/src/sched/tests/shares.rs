//! Who gets how much, and how soon.

use proptest::prelude::*;

use super::simulator::{HOG, Load, MS, Machine};
use crate::sched::{CpuId, CpuSet, MAX_SLICE_NS, MIN_RUN_NS};

const SECOND: u64 = 1000 * MS;

#[test]
fn one_alone_is_never_interrupted() {
    let mut machine = Machine::new(1);
    let vcpu = machine.add_one(256, 0, HOG);
    machine.run(SECOND);
    assert_eq!(machine.vcpus[vcpu].used_ns, SECOND);
    assert_eq!(machine.switches, 1);
}

#[test]
fn competitors_switch_seldom() {
    let mut machine = Machine::new(1);
    (0..3).for_each(|_| _ = machine.add_one(256, 0, HOG));
    machine.run(SECOND);
    assert!(machine.switches < 1000 / 3, "{}", machine.switches);
}

#[test]
fn one_that_wakes_runs_soon() {
    let mut machine = Machine::new(1);
    (0..4).for_each(|_| _ = machine.add_one(256, 0, HOG));
    let vcpu = machine.add_one(
        256,
        0,
        Load {
            run_ns: MS / 10,
            sleep_ns: 7 * MS,
        },
    );
    // At first all have used nothing.
    machine.run(100 * MS);
    machine.vcpus[vcpu].worst_latency_ns = 0;
    machine.run(2 * SECOND);
    let worst = machine.vcpus[vcpu].worst_latency_ns;
    assert!(worst <= MIN_RUN_NS, "{worst}");
}

#[test]
fn sleep_is_not_saved_up() {
    let mut machine = Machine::new(1);
    let hog = machine.add_one(256, 0, HOG);
    // Sleeps for a second, then wants all.
    machine.add_one(
        256,
        0,
        Load {
            run_ns: SECOND,
            sleep_ns: SECOND,
        },
    );
    machine.run(10 * SECOND);
    assert!(machine.vcpus[hog].longest_wait_ns <= MAX_SLICE_NS + MIN_RUN_NS);
}

#[test]
fn what_a_sleeper_leaves_goes_to_the_others() {
    let mut machine = Machine::new(1);
    let hog = machine.add_one(1, 0, HOG);
    machine.add_one(
        65535,
        0,
        Load {
            run_ns: MS,
            sleep_ns: MS,
        },
    );
    machine.run(SECOND);
    assert!(machine.vcpus[hog].used_ns > SECOND / 3);
}

#[test]
fn a_yield_lets_another_run() {
    let mut machine = Machine::new(1);
    let vcpus = [machine.add_one(256, 0, HOG), machine.add_one(256, 0, HOG)];
    machine.run(10 * MS);
    let scheduler = &machine.scheduler;
    let cpu = CpuId::new(0);
    let first = scheduler.pick(cpu, 10 * MS).vcpu;
    scheduler.yield_now(cpu);
    let second = scheduler.pick(cpu, 10 * MS).vcpu;
    assert_ne!(first, second);
    assert!(
        vcpus
            .iter()
            .any(|index| second == Some(machine.vcpus[*index].slot))
    );
}

#[test]
fn idle_cpus_take_what_waits() {
    let mut machine = Machine::new(4);
    let vcpus: Vec<_> = (0..4).map(|_| machine.add_one(256, 0, HOG)).collect();
    machine.run(SECOND);
    for vcpu in vcpus {
        assert!(
            machine.vcpus[vcpu].used_ns > SECOND - 2 * MS,
            "{:?}",
            machine.vcpus[vcpu]
        );
    }
}

#[test]
fn a_change_of_affinity_moves_one_that_runs() {
    let mut machine = Machine::new(2);
    let vcpu = machine.add_one(256, 0, HOG);
    for round in 0..20u32 {
        machine.run(u64::from(round + 1) * 10 * MS);
        machine.set_affinity(vcpu, CpuSet::of(CpuId::new(round % 2)));
    }
    // The simulator checks where it runs.
    assert_eq!(machine.vcpus[vcpu].used_ns, 200 * MS);
}

#[test]
fn a_cap_covers_all_virtual_cpus_of_a_domain() {
    let mut machine = Machine::new(4);
    let group = machine.group(256, 150);
    (0..4).for_each(|_| _ = machine.add(group, CpuSet::ALL, HOG));
    machine.run(SECOND);
    let used: u64 = machine.vcpus.iter().map(|vcpu| vcpu.used_ns).sum();
    assert!(used.abs_diff(SECOND / 2 * 3) <= 50 * MS, "{used}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn shares_are_proportional_to_weights(weights in prop::collection::vec(16u16..2048, 2..8)) {
        let mut machine = Machine::new(1);
        for weight in &weights {
            machine.add_one(*weight, 0, HOG);
        }
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let end = 20 * SECOND;
        machine.run(end);
        for (vcpu, weight) in machine.vcpus.iter().zip(&weights) {
            let fair = end * u64::from(*weight) / total;
            // Off by some slices at the end, however long it takes.
            let slack = 2 * MAX_SLICE_NS + end / 100;
            prop_assert!(vcpu.used_ns.abs_diff(fair) <= slack, "{vcpu:?}, fair {fair}");
        }
    }

    #[test]
    fn caps_hold(caps in prop::collection::vec(1u16..100, 1..5)) {
        let mut machine = Machine::new(1);
        for cap in &caps {
            machine.add_one(256, *cap, HOG);
        }
        let end = 2 * SECOND;
        machine.run(end);
        for (vcpu, cap) in machine.vcpus.iter().zip(&caps) {
            let most = end / 100 * u64::from(*cap);
            prop_assert!(vcpu.used_ns <= most + MAX_SLICE_NS, "{vcpu:?}, cap {cap}");
        }
        // What can be used, is.
        let wanted: u64 = caps.iter().map(|cap| u64::from(*cap)).sum();
        let used: u64 = machine.vcpus.iter().map(|vcpu| vcpu.used_ns).sum();
        prop_assert!(used >= end / 100 * wanted.min(100) * 8 / 10, "{used} of {wanted}%");
    }

    /// Whatever the loads, on however many CPUs: everybody gets on, soon after waking.
    #[test]
    fn nobody_starves(
        cpus in 1u32..4,
        loads in prop::collection::vec((1u64..30, 0u64..30, 64u16..1024, any::<u8>()), 1..10),
    ) {
        let mut machine = Machine::new(cpus);
        for (run, sleep, weight, mask) in &loads {
            let mut affinity = CpuSet::EMPTY;
            for cpu in (0..cpus).filter(|cpu| mask >> cpu & 1 != 0) {
                affinity = affinity.with(CpuId::new(cpu));
            }
            if affinity == CpuSet::EMPTY {
                affinity = CpuSet::ALL;
            }
            let load = match sleep {
                0 => HOG,
                _ => Load { run_ns: run * MS / 5, sleep_ns: sleep * MS / 3 },
            };
            let group = machine.group(*weight, 0);
            machine.add(group, affinity, load);
        }
        machine.run(2 * SECOND);
        for vcpu in &machine.vcpus {
            // The lightest of ten has 64 of up to 9280: a slice of MIN_RUN_NS in 146.
            prop_assert!(vcpu.longest_wait_ns <= 20 * loads.len() as u64 * MAX_SLICE_NS, "{vcpu:?}");
            prop_assert!(vcpu.used_ns > 0, "{vcpu:?}");
        }
    }
}
