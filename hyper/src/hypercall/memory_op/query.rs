//! What a domain has, and what the machine has.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use ringwall_abi::arch_x86::ArchSharedInfo;
use ringwall_abi::memory::{MachphysMapping, MemoryDomain, PodTarget};
use ringwall_abi::xen::SharedInfo;
use ringwall_abi::{Errno, PAGE_SHIFT};
use ringwall_hw::layout::M2P_START;
use ringwall_hw::memory::frames;

use crate::domain::Domain;
use crate::hypercall::{Call, Result};

/// The room for the machine-to-physical table in bytes, all of which guests may read.
const M2P_SIZE: u64 = 256 << 30;

/// `XENMEM_maximum_ram_page`: the highest frame of RAM.
pub(super) fn maximum_ram_page() -> Result {
    Ok(highest_frame())
}

/// `XENMEM_current_reservation`: how many frames the domain has.
pub(super) fn current_reservation(call: &Call<'_>) -> Result {
    Ok(asked(call)?.memory().lock().total_pages())
}

/// `XENMEM_maximum_reservation`: how many frames the domain may have.
pub(super) fn maximum_reservation(call: &Call<'_>) -> Result {
    // A positive number also where the caller has an `int` for it.
    Ok(asked(call)?
        .memory()
        .lock()
        .max_pages()
        .min(i32::MAX.unsigned_abs().into()))
}

/// `XENMEM_maximum_gpfn`: the highest frame number of the domain, as the domain itself says it in
/// `max_pfn` of its shared page.
pub(super) fn maximum_gpfn(call: &Call<'_>) -> Result {
    const MAX_PFN: usize = SharedInfo::ARCH + offset_of!(ArchSharedInfo, max_pfn);
    let count = asked(call)?
        .shared_word(MAX_PFN)
        .map_or(0, |word| word.load(Ordering::Relaxed));
    // Whatever it says, the answer is no errno.
    Ok(count.saturating_sub(1).min(i64::MAX.unsigned_abs()))
}

/// `XENMEM_machphys_mapping`: where the machine-to-physical table is.
pub(super) fn machphys_mapping(call: &Call<'_>) -> Result {
    let mapping = MachphysMapping {
        v_start: M2P_START,
        v_end: M2P_START + M2P_SIZE,
        max_mfn: highest_frame(),
    };
    call.write(1, &mapping)?;
    Ok(0)
}

/// `XENMEM_get_sharing_freed_pages`, `XENMEM_get_sharing_shared_pages`: no domain shares frames
/// with another behind its back.
pub(super) fn shared_pages() -> Result {
    Ok(0)
}

/// `XENMEM_get_pod_target`: no domain is populated on demand.
pub(super) fn pod_target(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    let asked: PodTarget = call.read(1)?;
    answer_pod_target(call, asked)
}

/// `XENMEM_set_pod_target`: there is nothing to set.
///
/// # Errors
/// `EINVAL` for more than the domain may have.
pub(super) fn set_pod_target(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    let asked: PodTarget = call.read(1)?;
    if asked.target_pages > call.domain_named(asked.domid)?.memory().lock().max_pages() {
        return Err(Errno::EINVAL.into());
    }
    answer_pod_target(call, asked)
}

fn answer_pod_target(call: &Call<'_>, asked: PodTarget) -> Result {
    let tot_pages = call
        .domain_named(asked.domid)?
        .memory()
        .lock()
        .total_pages();
    let answer = PodTarget {
        tot_pages,
        pod_cache_pages: 0,
        pod_entries: 0,
        ..asked
    };
    call.write(1, &answer)?;
    Ok(0)
}

fn asked(call: &Call<'_>) -> Result<&'static Domain> {
    let asked: MemoryDomain = call.read(1)?;
    call.domain_named(asked.domid)
}

fn highest_frame() -> u64 {
    let end = frames::ram().last().map_or(0, |range| range.end);
    (end >> PAGE_SHIFT).saturating_sub(1)
}
