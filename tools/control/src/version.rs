//! Which hypervisor this is, and what it offers to guests.

use core::fmt;

use ringwall_abi::version::{CapabilitiesInfo, ExtraVersion, FeatureInfo, VersionOp};
use ringwall_abi::{GuestAddress, Hypercall};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Hypervisor, Result};

/// A hypervisor's version, as `4.17.3-ringwall`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// What follows both.
    pub extra: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.major, self.minor, self.extra)
    }
}

impl Hypervisor {
    /// The version.
    ///
    /// # Errors
    /// None that a hypervisor of this ABI gives.
    #[doc(alias = "XENVER_version")]
    pub fn version(&self) -> Result<Version> {
        let number = self.version_number()?;
        let extra = self.version_record(VersionOp::ExtraVersion, ExtraVersion::default())?;
        Ok(Version {
            major: number >> 16,
            minor: number & 0xffff,
            extra: text(&extra),
        })
    }

    /// The kinds of guests that can run, separated by spaces: `xen-3.0-x86_64`.
    ///
    /// # Errors
    /// None that a hypervisor of this ABI gives.
    #[doc(alias = "XENVER_capabilities")]
    pub fn capabilities(&self) -> Result<String> {
        let none: CapabilitiesInfo = [0; 1024];
        self.version_record(VersionOp::Capabilities, none)
            .map(|bytes| text(&bytes))
    }

    /// The features that the hypervisor offers to this domain: bits of
    /// [`Feature`](ringwall_abi::features::Feature).
    ///
    /// # Errors
    /// None that a hypervisor of this ABI gives.
    #[doc(alias = "XENVER_get_features")]
    pub fn features(&self) -> Result<u32> {
        let question = FeatureInfo::default();
        let answer = self.version_record(VersionOp::GetFeatures, question)?;
        Ok(answer.submap)
    }

    fn version_number(&self) -> Result<u32> {
        let op = VersionOp::Version;
        let arguments = [op.number().into(), GuestAddress::NULL.raw(), 0, 0, 0];
        let number = self
            .call()
            .make(op.header_name(), Hypercall::XenVersion, arguments)?;
        Ok(u32::try_from(number).unwrap_or(0))
    }

    fn version_record<T>(&self, op: VersionOp, record: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        let mut call = self.call();
        let place = call.put(&record)?;
        let arguments = [op.number().into(), place.address().raw(), 0, 0, 0];
        call.make(op.header_name(), Hypercall::XenVersion, arguments)?;
        call.get(place)
    }
}

/// Bytes up to the first zero.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = end.and_then(|end| bytes.get(..end)).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}
