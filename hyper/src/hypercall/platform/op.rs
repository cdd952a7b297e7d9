//! The subfunctions of `platform_op`.

use ringwall_abi::platform::{INTERFACE_VERSION, PlatformOp, PlatformOpHeader, PlatformRequest};
use ringwall_abi::{Errno, GuestAddress};
use ringwall_hw::memory::guest;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::{cpu, firmware, sleep, time};
use crate::hypercall::{Call, Result, Stop};

/// Handles `platform_op`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    let header: PlatformOpHeader = call.read(0)?;
    if header.interface_version != INTERFACE_VERSION {
        return Err(Errno::EACCES.into());
    }
    let Ok(op) = PlatformOp::try_from(header.cmd) else {
        return Err(Errno::ENOSYS.into());
    };
    match op {
        PlatformOp::Settime32 => time::set_32(call),
        PlatformOp::Settime64 => time::set_64(call),
        PlatformOp::FirmwareInfo => firmware::ask(call),
        PlatformOp::EnterAcpiSleep => sleep::enter(call),
        PlatformOp::SetProcessorPminfo => cpu::take_power_states(call),
        PlatformOp::GetCpuinfo => cpu::tell_state(call),
        PlatformOp::GetCpuVersion => cpu::tell_version(call),
        // CPUs are given work at boot, and keep it.
        PlatformOp::CpuOnline | PlatformOp::CpuOffline => Err(Errno::EOPNOTSUPP.into()),
        PlatformOp::AddMemtype
        | PlatformOp::DelMemtype
        | PlatformOp::ReadMemtype
        | PlatformOp::MicrocodeUpdate
        | PlatformOp::PlatformQuirk
        | PlatformOp::EfiRuntimeCall
        | PlatformOp::ChangeFreq
        | PlatformOp::GetIdletime
        | PlatformOp::CpuHotadd
        | PlatformOp::MemHotadd
        | PlatformOp::CoreParking
        | PlatformOp::ResourceOp
        | PlatformOp::GetSymbol => Err(Errno::ENOSYS.into()),
    }
}

/// Copies the structure in the union.
pub(super) fn read_body<T: FromBytes>(call: &Call<'_>) -> Result<T> {
    Ok(guest::read(body(call)?)?)
}

/// Copies the structure back.
pub(super) fn write_body<T: IntoBytes + Immutable>(call: &Call<'_>, value: &T) -> Result<()> {
    Ok(guest::write(body(call)?, value)?)
}

fn body(call: &Call<'_>) -> Result<GuestAddress> {
    let offset = PlatformRequest::BODY_OFFSET as u64;
    call.address(0)
        .checked_add(offset)
        .ok_or(Stop::Errno(Errno::EFAULT))
}
