//! `xen_version`: what the hypervisor is, and can.
// UNSAFETY: lends its own buffers to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::Hypercall;
use ringwall_abi::version::{CapabilitiesInfo, ExtraVersion, FeatureInfo, VersionOp};

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
