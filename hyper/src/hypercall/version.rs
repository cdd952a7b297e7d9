//! `xen_version` (17) and `vm_assist` (21).
//!
//! Ringwall calls itself Xen 4.17, whose control interface it has, with an extra version that names
//! it. Results: a number, 0, or `EFAULT`; `ENOSYS` for an unknown subfunction; `EPERM` for what only
//! privileged domains may know; `EINVAL` for an unknown assistance, or features that are none.

use core::sync::atomic::Ordering;

use ringwall_abi::features::Feature;
use ringwall_abi::version::{CompileInfo, FeatureInfo, PlatformParameters, VersionOp};
use ringwall_abi::xen::{VmAssistCommand, VmAssistType};
use ringwall_abi::{Errno, PAGE_SIZE};
use ringwall_hw::layout::HYPERVISOR_START;

use super::{Call, Result};

/// 4.17.
const VERSION: u64 = 4 << 16 | 17;
const CAPABILITIES: &str = "xen-3.0-x86_64 ";

/// Features for a PV guest, and for dom0.
const FEATURES: u32 = Feature::MmuPtUpdatePreserveAd.bit()
    | Feature::HighmemAssist.bit()
    | Feature::GnttabMapAvailBits.bit()
    | Feature::NotDirectMapped.bit()
    | Feature::WritablePageTables.bit();
/// Features that a kernel may require: these, and writable tables by emulation.
pub(crate) const OFFERED: u32 = FEATURES | Feature::Dom0.bit();

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    match VersionOp::from_number(call.number(0) & 0xffff_ffff) {
        // Linux asks often: it is its way to have waiting events delivered.
        Some(VersionOp::Version) => Ok(VERSION),
        operation => describe(call, operation),
    }
}

#[inline(never)]
fn describe(call: &mut Call<'_>, operation: Option<VersionOp>) -> Result {
    match operation {
        Some(VersionOp::Version) => Ok(VERSION),
        Some(VersionOp::ExtraVersion) => text::<16>(call, concat!("-ringwall", "-0.1")),
        Some(VersionOp::CompileInfo) => {
            let info = CompileInfo {
                compiler: padded("rustc"),
                compile_by: padded("ringwall"),
                compile_domain: padded(""),
                compile_date: padded(""),
            };
            call.write(1, &info)?;
            Ok(0)
        }
        Some(VersionOp::Capabilities) => text::<1024>(call, CAPABILITIES),
        Some(VersionOp::Changeset) => {
            text::<64>(call, concat!("ringwall ", env!("CARGO_PKG_VERSION")))
        }
        Some(VersionOp::PlatformParameters) => {
            call.write(
                1,
                &PlatformParameters {
                    virt_start: HYPERVISOR_START,
                },
            )?;
            Ok(0)
        }
        Some(VersionOp::GetFeatures) => {
            let mut info: FeatureInfo = call.read(1)?;
            let dom0 = if call.domain().is_privileged() {
                Feature::Dom0.bit()
            } else {
                0
            };
            // There is one word of features.
            if info.submap_index != 0 {
                return Err(Errno::EINVAL.into());
            }
            info.submap = FEATURES | dom0;
            call.write(1, &info)?;
            Ok(0)
        }
        Some(VersionOp::PageSize) => Ok(PAGE_SIZE as u64),
        Some(VersionOp::GuestHandle) => {
            call.write(1, &[0u8; 16])?;
            Ok(0)
        }
        Some(VersionOp::CommandLine) => {
            call.require_privilege()?;
            text::<1024>(call, crate::boot::command_line())
        }
        Some(VersionOp::BuildId) => Err(Errno::ENODATA.into()),
        None => Err(Errno::ENOSYS.into()),
    }
}

/// A string in a field of `N` bytes, ended by a zero.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (slot, byte) in bytes.iter_mut().zip(text.bytes().take(N.saturating_sub(1))) {
        *slot = byte;
    }
    bytes
}

fn text<const N: usize>(call: &Call<'_>, text: &str) -> Result {
    call.write(1, &padded::<N>(text))?;
    Ok(0)
}

pub(super) fn vm_assist(call: &mut Call<'_>) -> Result {
    let kind = VmAssistType::from_number(call.number(1) & 0xffff_ffff).ok_or(Errno::EINVAL)?;
    let command =
        VmAssistCommand::from_number(call.number(0) & 0xffff_ffff).ok_or(Errno::ENOSYS)?;
    match kind {
        // Writes to tables are emulated whether the guest asks for it or not, as is the IOPL.
        VmAssistType::WritablePagetables
        | VmAssistType::RunstateUpdateFlag
        | VmAssistType::FourGbSegments
        | VmAssistType::PaeExtendedCr3 => {}
        VmAssistType::FourGbSegmentsNotify
        | VmAssistType::ArchitecturalIopl
        | VmAssistType::M2pStrict => {
            return Err(Errno::EINVAL.into());
        }
    }
    let assists = call.domain().assists();
    match command {
        VmAssistCommand::Enable => assists.fetch_or(kind.bit(), Ordering::Relaxed),
        VmAssistCommand::Disable => assists.fetch_and(!kind.bit(), Ordering::Relaxed),
    };
    Ok(0)
}
