//! Version and features.
//!
//! Source: `public/version.h`.

use crate::shape::{numbers, record};

numbers! {
    /// Subfunction of `xen_version`.
    pub enum VersionOp: u32 {
        /// Returns `major << 16 | minor`.
        Version = 0 => "XENVER_version",
        /// Writes an [`ExtraVersion`].
        ExtraVersion = 1 => "XENVER_extraversion",
        /// Writes a [`CompileInfo`].
        CompileInfo = 2 => "XENVER_compile_info",
        /// Writes a [`CapabilitiesInfo`].
        Capabilities = 3 => "XENVER_capabilities",
        /// Writes a [`ChangesetInfo`].
        Changeset = 4 => "XENVER_changeset",
        /// Writes a [`PlatformParameters`].
        PlatformParameters = 5 => "XENVER_platform_parameters",
        /// Fills in a [`FeatureInfo`].
        GetFeatures = 6 => "XENVER_get_features",
        /// Returns the size of a page.
        PageSize = 7 => "XENVER_pagesize",
        /// Writes the caller's [`DomainHandle`](crate::xen::DomainHandle).
        GuestHandle = 8 => "XENVER_guest_handle",
        /// Writes a [`CommandLine`].
        CommandLine = 9 => "XENVER_commandline",
        /// Writes a [`BuildId`] and its bytes.
        BuildId = 10 => "XENVER_build_id",
    }
}

/// What follows the numbers of the version, ended by a zero.
#[doc(alias = "xen_extraversion_t")]
pub type ExtraVersion = [u8; 16];
/// The kinds of guests that can run, separated by spaces, ended by a zero.
#[doc(alias = "xen_capabilities_info_t")]
pub type CapabilitiesInfo = [u8; 1024];
/// The source's revision, ended by a zero.
#[doc(alias = "xen_changeset_info_t")]
pub type ChangesetInfo = [u8; 64];
/// The hypervisor's command line, ended by a zero.
#[doc(alias = "xen_commandline_t")]
pub type CommandLine = [u8; 1024];

record! {
    /// Answer of [`VersionOp::CompileInfo`]: strings, each ended by a zero.
    #[doc(alias = "xen_compile_info")]
    pub struct CompileInfo {
        /// The compiler.
        pub compiler: [u8; 64],
        /// Who compiled.
        pub compile_by: [u8; 16],
        /// Where.
        pub compile_domain: [u8; 32],
        /// When.
        pub compile_date: [u8; 32],
    }

    /// Answer of [`VersionOp::PlatformParameters`].
    #[doc(alias = "xen_platform_parameters")]
    pub struct PlatformParameters {
        /// First address of the hypervisor's part of the address space.
        pub virt_start: u64,
    }

    /// Argument and answer of [`VersionOp::GetFeatures`].
    #[doc(alias = "xen_feature_info")]
    pub struct FeatureInfo {
        /// Which 32 features are asked for.
        #[doc(alias = "submap_idx")]
        pub submap_index: u32,
        /// Written by the hypervisor: bits of [`Feature`](crate::features::Feature).
        pub submap: u32,
    }

    /// Argument and answer of [`VersionOp::BuildId`]; as many bytes follow.
    #[doc(alias = "xen_build_id")]
    pub struct BuildId {
        /// Bytes of room, and in the answer bytes of the id.
        pub len: u32,
    }
}
