//! CPUs and nodes: one of each.

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::sysctl::{
    CpuInfo, CpuTopology, CpuTopologyInfo, GetCpuInfo, MemoryInfo, NumaInfo,
};

use super::{body, machine};
use crate::hypercall::{Call, Result, write_element};
use crate::{pool, schedule};

/// How far a node is from itself, as firmware counts.
const HERE: u32 = 10;

/// `XEN_SYSCTL_getcpuinfo`: how long the CPUs were idle.
pub(super) fn idle_times(call: &Call<'_>) -> Result {
    let mut request: GetCpuInfo = body::read(call)?;
    request.nr_cpus = request.max_cpus.min(1);
    if request.nr_cpus != 0 {
        let idle = CpuInfo {
            idletime: schedule::idle_ns(),
        };
        write_element(request.info, 0, &idle)?;
    }
    body::write(call, &request)
}

/// `XEN_SYSCTL_cputopoinfo`; without a list, how many CPUs there are.
pub(super) fn cpus(call: &Call<'_>) -> Result {
    let mut request: CpuTopologyInfo = body::read(call)?;
    if !request.cputopo.is_null() && request.num_cpus != 0 {
        write_element(request.cputopo, 0, &CpuTopology::default())?;
    }
    request.num_cpus = 1;
    body::write(call, &request)
}

/// `XEN_SYSCTL_numainfo`; without lists, how many nodes there are.
pub(super) fn nodes(call: &Call<'_>) -> Result {
    let mut request: NumaInfo = body::read(call)?;
    if request.num_nodes != 0 {
        if !request.meminfo.is_null() {
            let memory = MemoryInfo {
                memsize: machine::total_frames() * PAGE_SIZE as u64,
                memfree: pool::free_frames() * PAGE_SIZE as u64,
            };
            write_element(request.meminfo, 0, &memory)?;
        }
        if !request.distance.is_null() {
            write_element(request.distance, 0, &HERE)?;
        }
    }
    request.num_nodes = 1;
    body::write(call, &request)
}
