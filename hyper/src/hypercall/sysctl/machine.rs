//! The machine as a whole, and its scheduler.

use ringwall_abi::domctl::SchedulerId;
use ringwall_abi::sysctl::{AvailHeap, PhysCapabilities, PhysInfo, SchedId};
use ringwall_abi::{Errno, PAGE_SIZE};
use ringwall_hw::cpu::features::cpuid;
use ringwall_hw::memory::frames;
use ringwall_model::sched::MIN_RUN_NS;

use super::body;
use crate::hypercall::{Call, Result};
use crate::{clock, pool};

/// credit2, whose control values Ringwall's scheduler has.
const SCHEDULER: u32 = SchedulerId::Credit2.number();

/// `XEN_SYSCTL_physinfo`.
pub(super) fn describe(call: &Call<'_>) -> Result {
    body::write(call, &physical())
}

/// `XEN_SYSCTL_availheap`.
pub(super) fn free_memory(call: &Call<'_>) -> Result {
    let mut request: AvailHeap = body::read(call)?;
    request.avail_bytes = pool::free_frames() * PAGE_SIZE as u64;
    body::write(call, &request)
}

/// `XEN_SYSCTL_sched_id`.
pub(super) fn scheduler(call: &Call<'_>) -> Result {
    body::write(
        call,
        &SchedId {
            sched_id: SCHEDULER,
        },
    )
}

/// `XEN_SYSCTL_scheduler_op` of credit2: for how many microseconds one runs before another that waits may
/// take its place. It can be read.
///
/// # Errors
/// `EINVAL` for another scheduler, a pool that there is not, or a change.
pub(super) fn scheduler_parameters(call: &Call<'_>) -> Result {
    /// The structure's `cpupool_id`, `sched_id`, `cmd`, the union's padding and first word.
    type Request = [u32; 6];
    const GET: u32 = 1;
    const NS_PER_US: u64 = 1000;
    let mut request: Request = body::read(call)?;
    let [pool, scheduler, command, _, limit, _] = &mut request;
    if *pool != 0 || *scheduler != SCHEDULER || *command != GET {
        return Err(Errno::EINVAL.into());
    }
    *limit = u32::try_from(MIN_RUN_NS / NS_PER_US).unwrap_or(u32::MAX);
    body::write(call, &request)
}

/// Frames of RAM.
pub(in crate::hypercall) fn total_frames() -> u64 {
    let lengths = frames::ram().iter().map(|range| range.length());
    lengths.map(|length| length / PAGE_SIZE as u64).sum()
}

/// One more than the highest frame of RAM.
pub(in crate::hypercall) fn end_of_ram() -> u64 {
    let end = frames::ram().last().map_or(0, |range| range.end);
    end / PAGE_SIZE as u64
}

fn physical() -> PhysInfo {
    let [_, _, ecx, edx] = cpuid(1, 0);
    let [_, _, extended_ecx, extended_edx] = cpuid(0x8000_0001, 0);
    PhysInfo {
        threads_per_core: 1,
        cores_per_socket: 1,
        nr_cpus: 1,
        nr_nodes: 1,
        cpu_khz: clock::tsc_khz(),
        capabilities: PhysCapabilities::PV | PhysCapabilities::GNTTAB_V1,
        total_pages: total_frames(),
        free_pages: pool::free_frames(),
        outstanding_pages: pool::claimed_frames(),
        max_mfn: end_of_ram().saturating_sub(1),
        hw_cap: [edx, ecx, extended_edx, extended_ecx, 0, 0, 0, 0],
        ..Default::default()
    }
}
