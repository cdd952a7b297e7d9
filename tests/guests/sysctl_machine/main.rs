//! `XEN_SYSCTL_physinfo`, `_sched_id`, `_availheap`, `_getcpuinfo`, `_cputopoinfo` and `_numainfo` tell of the machine;
//! lists are as long as there is room for, and without one their length is told: `public/sysctl.h`. Lesson 23: a node that
//! there is not has no memory.
#![no_std]
#![no_main]

use guests::control::sysctl;
use guests::sdk::abi::domctl::SchedulerId;
use guests::sdk::abi::sysctl::{
    AvailHeap, CpuInfo, CpuTopology, CpuTopologyInfo, GetCpuInfo, INVALID_ID, MemoryInfo, NumaInfo,
    PhysCapabilities, PhysInfo, SchedId, SysctlOp,
};
use guests::sdk::abi::{Errno, GuestAddress};
use guests::sdk::time;
use guests::{Check, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let mut machine = PhysInfo::default();
    granted("physinfo", sysctl(SysctlOp::PhysInfo, &mut machine))?;
    equal(
        "CPUs and nodes",
        [machine.nr_cpus, machine.nr_nodes],
        [1, 1],
    )?;
    ensure!(
        machine.capabilities.contains(PhysCapabilities::PV) && machine.cpu_khz > 10_000,
        "{machine:?}"
    );
    ensure!(
        machine.total_pages > 30_000 && machine.free_pages < machine.total_pages,
        "{} pages of {} are free",
        machine.free_pages,
        machine.total_pages
    );
    let mut scheduler = SchedId::default();
    granted("sched_id", sysctl(SysctlOp::SchedId, &mut scheduler))?;
    equal(
        "the scheduler",
        scheduler.sched_id,
        SchedulerId::Credit2.number(),
    )?;
    let mut heap = AvailHeap {
        node: -1,
        ..AvailHeap::default()
    };
    granted("availheap", sysctl(SysctlOp::AvailHeap, &mut heap))?;
    let near = (machine.free_pages * 4096).abs_diff(heap.avail_bytes) <= 64 << 20;
    ensure!(
        near,
        "{} bytes, {} pages",
        heap.avail_bytes,
        machine.free_pages
    );
    for node in [63, 64, 255, i32::MAX] {
        let mut heap = AvailHeap {
            node,
            ..AvailHeap::default()
        };
        // Refused, or nothing: what counts is who goes on.
        let answer = sysctl(SysctlOp::AvailHeap, &mut heap);
        ensure!(
            !answer.is_ok() || heap.avail_bytes <= machine.total_pages * 4096,
            "node {node}: {answer}, {} bytes",
            heap.avail_bytes
        );
    }
    idle()?;
    topology()
}

fn idle() -> Check {
    let mut idle = [CpuInfo { idletime: 0 }, CpuInfo { idletime: 0x5a5a }];
    let mut request = GetCpuInfo {
        max_cpus: 2,
        info: GuestAddress::new(address_mut(&mut idle)),
        ..GetCpuInfo::default()
    };
    granted("getcpuinfo", sysctl(SysctlOp::GetCpuInfo, &mut request))?;
    equal("CPUs", request.nr_cpus, 1)?;
    let before = core::hint::black_box(idle);
    equal("behind them", before[1].idletime, 0x5a5a)?;
    time::sleep_ns(20_000_000);
    granted("getcpuinfo", sysctl(SysctlOp::GetCpuInfo, &mut request))?;
    let slept = core::hint::black_box(idle)[0].idletime - before[0].idletime;
    ensure!(
        slept > 10_000_000,
        "20 ms of sleep are {slept} ns of idleness"
    );
    request.info = GuestAddress::new(0x10);
    request.max_cpus = 1;
    let answer = sysctl(SysctlOp::GetCpuInfo, &mut request);
    refused("no list", answer, &[Errno::EFAULT])
}

fn topology() -> Check {
    let mut cpus = [CpuTopology {
        core: 77,
        socket: 77,
        node: 77,
    }; 2];
    let mut request = CpuTopologyInfo::default();
    granted(
        "how many CPUs",
        sysctl(SysctlOp::CpuTopologyInfo, &mut request),
    )?;
    equal("CPUs", request.num_cpus, 1)?;
    request.cputopo = GuestAddress::new(address_mut(&mut cpus));
    granted(
        "cputopoinfo",
        sysctl(SysctlOp::CpuTopologyInfo, &mut request),
    )?;
    let cpus = core::hint::black_box(cpus);
    let place = [cpus[0].core, cpus[0].socket, cpus[0].node];
    ensure!(
        place.iter().all(|number| [0, INVALID_ID].contains(number)),
        "the CPU is at {place:x?}"
    );
    equal("behind it", cpus[1].core, 77)?;
    request.cputopo = GuestAddress::new(0x10);
    let answer = sysctl(SysctlOp::CpuTopologyInfo, &mut request);
    refused("no list", answer, &[Errno::EFAULT])?;

    let mut memory = [MemoryInfo {
        memsize: 77,
        memfree: 77,
    }; 2];
    let mut distances = [77_u32; 4];
    let mut request = NumaInfo::default();
    granted("how many nodes", sysctl(SysctlOp::NumaInfo, &mut request))?;
    equal("nodes", request.num_nodes, 1)?;
    request.meminfo = GuestAddress::new(address_mut(&mut memory));
    request.distance = GuestAddress::new(address_mut(&mut distances));
    granted("numainfo", sysctl(SysctlOp::NumaInfo, &mut request))?;
    let memory = core::hint::black_box(memory);
    ensure!(
        memory[0].memsize > 100 << 20,
        "the node has {} bytes",
        memory[0].memsize
    );
    equal("behind it", memory[1].memsize, 77)?;
    let distances = core::hint::black_box(distances);
    ensure!(
        distances[0] == 10 || distances[0] == INVALID_ID,
        "it is {} from itself",
        distances[0]
    );
    equal("behind that", distances[1], 77)
}
