//! `sysctl` (35): the machine, for a privileged domain's toolstack; interface version 0x15.
//!
//! Argument: `xen_sysctl`, into which the answer goes. Results: 0; `EPERM`; `EACCES` for another
//! interface version; `ENOSYS` for an operation that is not there; `EFAULT`.

use ringwall_abi::sysctl::{
    AvailHeap, INTERFACE_VERSION, PhysCapabilities, PhysInfo, ReadConsole, SchedId, SysctlHeader,
    SysctlOp, SysctlRequest,
};
use ringwall_abi::{Errno, GuestAddress, PAGE_SIZE};
use ringwall_hw::console;
use ringwall_hw::cpu::features::cpuid;
use ringwall_hw::memory::{frames, guest};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::{Call, Result, Stop};
use crate::{clock, pool};

/// The scheduler's number: credit2, whose control values Ringwall's has.
const SCHEDULER_CREDIT2: u32 = 6;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    let header: SysctlHeader = call.read(0)?;
    if header.interface_version != INTERFACE_VERSION {
        return Err(Errno::EACCES.into());
    }
    match SysctlOp::from_number(header.cmd.into()) {
        Some(SysctlOp::PhysInfo) => write_body(call, &physical()),
        Some(SysctlOp::SchedId) => write_body(
            call,
            &SchedId {
                sched_id: SCHEDULER_CREDIT2,
            },
        ),
        Some(SysctlOp::AvailHeap) => {
            let mut request: AvailHeap = read_body(call)?;
            request.avail_bytes = pool::free_frames() * PAGE_SIZE as u64;
            write_body(call, &request)
        }
        Some(SysctlOp::ReadConsole) => read_console(call),
        _ => Err(Errno::ENOSYS.into()),
    }
}

fn body(call: &Call<'_>) -> Result<GuestAddress> {
    let place = call
        .address(0)
        .checked_add(SysctlRequest::BODY_OFFSET as u64);
    place.ok_or(Stop::Errno(Errno::EFAULT))
}

fn read_body<T: FromBytes>(call: &Call<'_>) -> Result<T> {
    Ok(guest::read(body(call)?)?)
}

fn write_body<T: IntoBytes + Immutable>(call: &Call<'_>, value: &T) -> Result {
    guest::write(body(call)?, value)?;
    Ok(0)
}

/// Frames of RAM.
pub(super) fn total_frames() -> u64 {
    let lengths = frames::ram().iter().map(|range| range.length());
    lengths.map(|length| length / PAGE_SIZE as u64).sum()
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
        max_mfn: frames::ram()
            .last()
            .map_or(0, |range| range.end / PAGE_SIZE as u64 - 1),
        hw_cap: [edx, ecx, extended_edx, extended_ecx, 0, 0, 0, 0],
        ..Default::default()
    }
}

/// Copies a piece of the log; `incremental` reads go on where the one before ended.
fn read_console(call: &Call<'_>) -> Result {
    let mut request: ReadConsole = read_body(call)?;
    let mut piece = [0; 256];
    let mut position = if request.incremental == 0 {
        0
    } else {
        u64::from(request.index)
    };
    let mut written = 0;
    while written < request.count {
        let length = (request.count - written).min(256) as usize;
        let (next, count) = console::read_log(position, piece.get_mut(..length).unwrap_or(&mut []));
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        let place = request
            .buffer
            .checked_add(written.into())
            .ok_or(Errno::EFAULT)?;
        guest::copy_out(place, bytes)?;
        position = next;
        written += u32::try_from(count).unwrap_or(0);
    }
    if request.clear != 0 {
        console::clear_log();
    }
    request.count = written;
    #[expect(clippy::cast_possible_truncation, reason = "the ABI's index wraps")]
    {
        request.index = position as u32;
    }
    write_body(call, &request)
}
