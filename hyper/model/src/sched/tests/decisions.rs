//! Single decisions, and refusals.

use ringwall_abi::Errno;

use super::simulator::MS;
use crate::sched::{
    CpuId, CpuSet, DEFAULT_WEIGHT, Decision, Error, Kick, MIN_RUN_NS, Parameters, Scheduler,
};

const CPU0: CpuId = CpuId::new(0);
const NOTHING: Decision = Decision {
    vcpu: None,
    until_ns: None,
};

fn scheduler() -> Scheduler {
    Scheduler::new(2, 3, 2).expect("memory")
}

#[test]
fn one_alone_runs_without_end() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let vcpu = scheduler.add(group, CpuSet::ALL).expect("a slot");
    assert_eq!(scheduler.pick(CPU0, 0), NOTHING);
    assert_eq!(
        scheduler.wake(vcpu, 5),
        Some(Kick {
            cpu: CPU0,
            at_ns: 5
        })
    );
    assert_eq!(scheduler.wake(vcpu, 5), None);
    let alone = Decision {
        vcpu: Some(vcpu),
        until_ns: None,
    };
    assert_eq!(scheduler.pick(CPU0, 5), alone);
    assert_eq!(scheduler.pick(CPU0, 50 * MS), alone);
    assert_eq!(
        scheduler.sleep(vcpu, 60 * MS),
        Some(Kick {
            cpu: CPU0,
            at_ns: 60 * MS
        })
    );
    assert_eq!(scheduler.sleep(vcpu, 60 * MS), None);
    assert_eq!(scheduler.pick(CPU0, 60 * MS), NOTHING);
}

#[test]
fn a_wake_up_waits_for_the_shortest_run() {
    let scheduler = Scheduler::new(1, 3, 2).expect("memory");
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let [a, b] = [(); 2].map(|()| scheduler.add(group, CpuSet::ALL).expect("a slot"));
    assert!(scheduler.wake(a, 0).is_some());
    assert_eq!(scheduler.pick(CPU0, 0).vcpu, Some(a));
    assert_eq!(
        scheduler.wake(b, 100),
        Some(Kick {
            cpu: CPU0,
            at_ns: MIN_RUN_NS
        })
    );
    // Asked too early, nothing changes.
    assert_eq!(scheduler.pick(CPU0, 200).vcpu, Some(a));
    assert_eq!(scheduler.pick(CPU0, MIN_RUN_NS).vcpu, Some(b));
}

#[test]
fn one_whose_context_is_being_saved_stays() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let [a, b] = [(); 2].map(|()| scheduler.add(group, CpuSet::ALL).expect("a slot"));
    for vcpu in [a, b] {
        assert!(scheduler.wake(vcpu, 0).is_some());
    }
    assert_eq!(scheduler.pick(CPU0, 0).vcpu, Some(a));
    assert_eq!(scheduler.pick(CPU0, 50 * MS).vcpu, Some(b));
    let cpu1 = CpuId::new(1);
    assert_eq!(scheduler.pick(cpu1, 50 * MS), NOTHING);
    assert_eq!(scheduler.context_saved(CPU0, 50 * MS), None);
    assert_eq!(scheduler.pick(cpu1, 50 * MS).vcpu, Some(a));
}

#[test]
fn parameters_can_be_read_and_changed() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    assert_eq!(
        scheduler.parameters(group),
        Ok(Parameters {
            weight: DEFAULT_WEIGHT,
            cap: 0
        })
    );
    let other = Parameters {
        weight: 512,
        cap: 50,
    };
    assert_eq!(scheduler.set_parameters(group, other), Ok(()));
    assert_eq!(scheduler.parameters(group), Ok(other));
}

#[test]
fn refusals() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let gone = scheduler.add_group(Parameters::default()).expect("a group");
    let weightless = Parameters { weight: 0, cap: 0 };
    let full = scheduler.add_group(Parameters::default()).map(drop);
    scheduler.remove_group(gone).expect("empty");
    let vcpus = [(); 3].map(|()| scheduler.add(group, CpuSet::ALL).expect("a slot"));
    let nowhere = CpuSet::of(CpuId::new(2));
    assert!(scheduler.wake(vcpus[0], 0).is_some());
    for (result, error, errno) in [
        (full, Error::OutOfMemory, Errno::ENOMEM),
        (
            scheduler.add(group, CpuSet::ALL).map(drop),
            Error::OutOfMemory,
            Errno::ENOMEM,
        ),
        (
            scheduler.add(gone, CpuSet::ALL).map(drop),
            Error::NoSuchSlot,
            Errno::ESRCH,
        ),
        (
            scheduler.add(group, nowhere).map(drop),
            Error::NoCpu,
            Errno::EINVAL,
        ),
        (
            scheduler.set_affinity(vcpus[0], nowhere, 0).map(drop),
            Error::NoCpu,
            Errno::EINVAL,
        ),
        (
            scheduler.set_parameters(group, weightless),
            Error::BadWeight,
            Errno::EINVAL,
        ),
        (
            scheduler.set_parameters(gone, Parameters::default()),
            Error::NoSuchSlot,
            Errno::ESRCH,
        ),
        (
            scheduler.parameters(gone).map(drop),
            Error::NoSuchSlot,
            Errno::ESRCH,
        ),
        (
            scheduler.remove_group(gone),
            Error::NoSuchSlot,
            Errno::ESRCH,
        ),
        (scheduler.remove_group(group), Error::Busy, Errno::EBUSY),
        (scheduler.remove(vcpus[0]), Error::Busy, Errno::EBUSY),
        (
            Scheduler::new(0, 1, 1).map(drop),
            Error::NoCpu,
            Errno::EINVAL,
        ),
        (
            Scheduler::new(257, 1, 1).map(drop),
            Error::NoCpu,
            Errno::EINVAL,
        ),
    ] {
        assert_eq!(result, Err(error));
        assert_eq!(Errno::from(error), errno);
    }
}

#[test]
fn slots_come_back() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let vcpu = scheduler.add(group, CpuSet::ALL).expect("a slot");
    assert!(scheduler.wake(vcpu, 0).is_some());
    assert_eq!(scheduler.pick(CPU0, 0).vcpu, Some(vcpu));
    assert!(scheduler.sleep(vcpu, 1).is_some());
    assert_eq!(scheduler.pick(CPU0, 1), NOTHING);
    // Its context is still being saved.
    assert_eq!(scheduler.remove(vcpu), Err(Error::Busy));
    assert_eq!(scheduler.context_saved(CPU0, 1), None);
    assert_eq!(scheduler.remove(vcpu), Ok(()));
    assert_eq!(scheduler.remove(vcpu), Err(Error::NoSuchSlot));
    assert_eq!(scheduler.wake(vcpu, 2), None);
    assert_eq!(scheduler.remove_group(group), Ok(()));
    assert!(scheduler.add_group(Parameters::default()).is_ok());
}

/// A remote sleep, wake and change of affinity before the CPU has looked.
#[test]
fn one_that_still_runs_moves_only_when_saved() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let vcpu = scheduler.add(group, CpuSet::ALL).expect("a slot");
    let (cpu1, only1) = (CpuId::new(1), CpuSet::of(CpuId::new(1)));
    assert!(scheduler.wake(vcpu, 0).is_some());
    assert_eq!(scheduler.pick(CPU0, 0).vcpu, Some(vcpu));
    assert!(scheduler.sleep(vcpu, 1).is_some());
    assert_eq!(scheduler.wake(vcpu, 1), None);
    let kick = scheduler.set_affinity(vcpu, only1, 2).expect("a CPU");
    assert_eq!(
        kick,
        Some(Kick {
            cpu: CPU0,
            at_ns: 2
        })
    );
    assert_eq!(scheduler.pick(cpu1, 2), NOTHING);
    assert_eq!(scheduler.pick(CPU0, 2), NOTHING);
    assert_eq!(scheduler.pick(cpu1, 2), NOTHING);
    assert_eq!(
        scheduler.context_saved(CPU0, 3),
        Some(Kick {
            cpu: cpu1,
            at_ns: 3
        })
    );
    assert_eq!(scheduler.pick(cpu1, 3).vcpu, Some(vcpu));
}

#[test]
fn one_that_was_to_move_may_stay_after_all() {
    let scheduler = scheduler();
    let group = scheduler.add_group(Parameters::default()).expect("a group");
    let vcpu = scheduler.add(group, CpuSet::ALL).expect("a slot");
    assert!(scheduler.wake(vcpu, 0).is_some());
    assert_eq!(scheduler.pick(CPU0, 0).vcpu, Some(vcpu));
    scheduler
        .set_affinity(vcpu, CpuSet::of(CpuId::new(1)), 1)
        .map(drop)
        .expect("a CPU");
    assert_eq!(scheduler.pick(CPU0, 1), NOTHING);
    assert_eq!(scheduler.set_affinity(vcpu, CpuSet::ALL, 1), Ok(None));
    assert_eq!(
        scheduler.context_saved(CPU0, 1),
        Some(Kick {
            cpu: CPU0,
            at_ns: 1
        })
    );
    assert_eq!(scheduler.pick(CPU0, 1).vcpu, Some(vcpu));
}
