//! `xen_version`: what the hypervisor is, and can.
// UNSAFETY: lends its own buffers to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::Hypercall;
use ringwall_abi::version::{
    CapabilitiesInfo, ChangesetInfo, CommandLine, CompileInfo, ExtraVersion, FeatureInfo,
    PlatformParameters, VersionOp,
};
use ringwall_abi::xen::DomainHandle;
use zerocopy::{FromBytes, IntoBytes};

use super::{Result, address_mut, call};

/// The version, major and minor.
///
/// # Errors
///
/// None that the ABI knows.
pub fn xen_version() -> Result<(u16, u16)> {
    // SAFETY: no memory is lent.
    let version = unsafe { call(Hypercall::XenVersion, [VersionOp::Version as u64]) }?;
    let half = |number: u64| u16::try_from(number & 0xffff).unwrap_or(0);
    Ok((half(version >> 16), half(version)))
}

/// What follows the numbers of the version, ended by a zero.
///
/// # Errors
///
/// None that the ABI knows.
pub fn extra_version() -> Result<ExtraVersion> {
    let mut text = [0; size_of::<ExtraVersion>()];
    let arguments = [VersionOp::ExtraVersion as u64, address_mut(&mut text)];
    // SAFETY: the hypervisor writes as many bytes as the type has.
    unsafe { call(Hypercall::XenVersion, arguments) }.map(|_| text)
}

/// The kinds of guests that can run, separated by spaces, ended by a zero.
///
/// # Errors
///
/// None that the ABI knows.
pub fn capabilities() -> Result<CapabilitiesInfo> {
    let mut text = [0; size_of::<CapabilitiesInfo>()];
    let arguments = [VersionOp::Capabilities as u64, address_mut(&mut text)];
    // SAFETY: the hypervisor writes as many bytes as the type has.
    unsafe { call(Hypercall::XenVersion, arguments) }.map(|_| text)
}

/// The features that are on, as bits of [`Feature`](ringwall_abi::features::Feature).
///
/// # Errors
///
/// None that the ABI knows.
pub fn features() -> Result<u32> {
    let mut info = FeatureInfo::default();
    let arguments = [VersionOp::GetFeatures as u64, address_mut(&mut info)];
    // SAFETY: the hypervisor fills in the structure.
    unsafe { call(Hypercall::XenVersion, arguments) }.map(|_| info.submap)
}

/// # Safety
///
/// The type is the operation's answer.
unsafe fn ask<T: FromBytes + IntoBytes>(operation: VersionOp) -> Result<T> {
    let mut answer = T::new_zeroed();
    let arguments = [operation as u64, address_mut(&mut answer)];
    // SAFETY: the hypervisor writes as many bytes as the type has, and any bytes are one of it.
    unsafe { call(Hypercall::XenVersion, arguments) }.map(|_| answer)
}

/// By what, by whom, where and when the hypervisor was compiled.
///
/// # Errors
///
/// None that the ABI knows.
pub fn compile_info() -> Result<CompileInfo> {
    // SAFETY: the operation's type.
    unsafe { ask(VersionOp::CompileInfo) }
}

/// The source's revision, ended by a zero.
///
/// # Errors
///
/// None that the ABI knows.
pub fn changeset() -> Result<ChangesetInfo> {
    // SAFETY: the operation's type.
    unsafe { ask(VersionOp::Changeset) }
}

/// Where the hypervisor's part of the address space starts.
///
/// # Errors
///
/// None that the ABI knows.
pub fn platform_parameters() -> Result<PlatformParameters> {
    // SAFETY: the operation's type.
    unsafe { ask(VersionOp::PlatformParameters) }
}

/// The bytes of a page.
///
/// # Errors
///
/// None that the ABI knows.
pub fn page_size() -> Result {
    // SAFETY: no memory is lent.
    unsafe { call(Hypercall::XenVersion, [VersionOp::PageSize as u64, 0]) }
}

/// The domain's UUID.
///
/// # Errors
///
/// None that the ABI knows.
pub fn guest_handle() -> Result<DomainHandle> {
    // SAFETY: the operation's type.
    unsafe { ask(VersionOp::GuestHandle) }
}

/// The hypervisor's command line, ended by a zero.
///
/// # Errors
///
/// `EPERM` where the domain may not.
pub fn hypervisor_command_line() -> Result<CommandLine> {
    // SAFETY: the operation's type.
    unsafe { ask(VersionOp::CommandLine) }
}

/// The bytes of the hypervisor's build ID, as far as there is room: how many it has.
///
/// # Errors
///
/// `ENODATA` where it has none, `ENOBUFS` where there is no room.
pub fn build_id(id: &mut [u8; 64]) -> Result<usize> {
    /// `BuildId` of `public/version.h`, and its bytes.
    #[repr(C)]
    struct Answer {
        len: u32,
        id: [u8; 64],
    }
    let mut answer = Answer {
        len: 64,
        id: [0; 64],
    };
    let arguments = [VersionOp::BuildId as u64, address_mut(&mut answer)];
    // SAFETY: the hypervisor writes no more bytes than there is room for.
    let length = unsafe { call(Hypercall::XenVersion, arguments) }?;
    *id = answer.id;
    Ok(crate::memory::word(length).min(id.len()))
}
