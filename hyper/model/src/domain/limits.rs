//! What a new domain may be and have.

use ringwall_abi::Errno;
use ringwall_abi::domctl::{CreateDomain, CreateFlags, GRANT_VERSION_MASK};

use crate::event::PORTS;
use crate::grant::VERSION;

/// Most virtual CPUs of a domain.
pub const MAX_VCPUS: u32 = 32;
/// Most frames of a grant table, and what one gets that asks for the default.
const MAX_GRANT_FRAMES: u32 = 64;
/// Most frames of a table of mappings, and what one gets that asks for the default.
const MAX_MAPTRACK_FRAMES: u32 = 1024;
/// Mappings that the ABI counts as a frame.
pub const HANDLES_PER_FRAME: u32 = 256;

/// Why a domain can't be made. The ABI answers `EINVAL` to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// It is to be HVM, or to have what only HVM domains or such with an IOMMU have.
    WrongKind,
    /// It is to have no virtual CPU, or more than [`MAX_VCPUS`].
    Vcpus,
    /// Its grant table is to be of a version that there is not, or of too many frames.
    Grants,
    /// Its table of mappings is to have too many frames.
    Maptrack,
    /// Options that nobody knows, or that need what the machine has not.
    Options,
}

impl From<LimitError> for Errno {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::WrongKind
            | LimitError::Vcpus
            | LimitError::Grants
            | LimitError::Maptrack
            | LimitError::Options => Self::EINVAL,
        }
    }
}

/// What a domain may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Ports lie below it.
    pub ports: u32,
    /// Frames of its grant table.
    pub grant_frames: u32,
    /// Mappings of what others grant.
    pub mappings: u32,
    /// It runs the store.
    pub is_store: bool,
}

impl Limits {
    /// Checks what a toolstack asks for.
    ///
    /// # Errors
    /// Each variant of [`LimitError`].
    #[doc(alias = "XEN_DOMCTL_createdomain")]
    pub fn decode(request: &CreateDomain) -> Result<Self, LimitError> {
        // The last two are about translated domains, and mean nothing to others.
        let known = CreateFlags::XS_DOMAIN | CreateFlags::S3_INTEGRITY | CreateFlags::OOS_OFF;
        if !known.contains(request.flags) {
            return Err(LimitError::WrongKind);
        }
        if request.arch.emulation_flags.bits() != 0
            || request.arch.misc_flags != 0
            || request.iommu_opts != 0
            || request.vmtrace_size != 0
            || request.cpupool_id != 0
        {
            return Err(LimitError::Options);
        }
        if !(1..=MAX_VCPUS).contains(&request.max_vcpus) {
            return Err(LimitError::Vcpus);
        }
        let version = request.grant_opts & GRANT_VERSION_MASK;
        if version != VERSION || request.grant_opts != version {
            return Err(LimitError::Grants);
        }
        let grant_frames = frames(request.max_grant_frames, MAX_GRANT_FRAMES);
        let grant_frames = grant_frames
            .filter(|frames| *frames > 0)
            .ok_or(LimitError::Grants)?;
        let maptrack = frames(request.max_maptrack_frames, MAX_MAPTRACK_FRAMES);
        Ok(Self {
            vcpus: request.max_vcpus,
            ports: request.max_evtchn_port.saturating_add(1).min(PORTS),
            grant_frames,
            mappings: maptrack.ok_or(LimitError::Maptrack)? * HANDLES_PER_FRAME,
            is_store: request.flags.contains(CreateFlags::XS_DOMAIN),
        })
    }

    /// dom0's, which nobody asks for.
    #[must_use]
    pub const fn privileged(vcpus: u32) -> Self {
        Self {
            vcpus,
            ports: PORTS,
            grant_frames: MAX_GRANT_FRAMES,
            mappings: MAX_MAPTRACK_FRAMES * HANDLES_PER_FRAME,
            is_store: false,
        }
    }
}

/// A number of frames; negative for the default, which is all that there may be.
fn frames(asked: i32, most: u32) -> Option<u32> {
    u32::try_from(asked).map_or(Some(most), |asked| (asked <= most).then_some(asked))
}

#[cfg(test)]
mod tests {
    use ringwall_abi::arch_x86::EmulationFlags;

    use super::{CreateDomain, CreateFlags, Errno, LimitError, Limits, MAX_VCPUS};

    fn plain() -> CreateDomain {
        CreateDomain {
            max_vcpus: 2,
            max_evtchn_port: 1023,
            max_grant_frames: 32,
            max_maptrack_frames: 0,
            grant_opts: 1,
            ..Default::default()
        }
    }

    #[test]
    fn what_is_asked_for_is_what_it_gets() {
        let expected = Limits {
            vcpus: 2,
            ports: 1024,
            grant_frames: 32,
            mappings: 0,
            is_store: false,
        };
        assert_eq!(Limits::decode(&plain()), Ok(expected));
        let mut most = plain();
        most.max_vcpus = MAX_VCPUS;
        most.max_evtchn_port = u32::MAX;
        most.max_grant_frames = -1;
        most.max_maptrack_frames = -1;
        most.flags = CreateFlags::XS_DOMAIN | CreateFlags::OOS_OFF;
        let limits = Limits::decode(&most).expect("as much as there is");
        let store = Limits {
            is_store: true,
            ..Limits::privileged(MAX_VCPUS)
        };
        assert_eq!(limits, store);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let check = |expected: LimitError, change: &dyn Fn(&mut CreateDomain)| {
            let mut request = plain();
            change(&mut request);
            assert_eq!(Limits::decode(&request), Err(expected));
            assert_eq!(Errno::from(expected), Errno::EINVAL);
        };
        check(LimitError::WrongKind, &|r| r.flags = CreateFlags::HVM);
        check(LimitError::WrongKind, &|r| r.flags = CreateFlags::IOMMU);
        check(LimitError::WrongKind, &|r| {
            r.flags = CreateFlags::from_bits_retain(1 << 31);
        });
        check(LimitError::Options, &|r| r.iommu_opts = 1);
        check(LimitError::Options, &|r| r.vmtrace_size = 4096);
        check(LimitError::Options, &|r| r.cpupool_id = 1);
        check(LimitError::Options, &|r| r.arch.misc_flags = 1);
        check(LimitError::Options, &|r| {
            r.arch.emulation_flags = EmulationFlags::from_bits_retain(1);
        });
        check(LimitError::Vcpus, &|r| r.max_vcpus = 0);
        check(LimitError::Vcpus, &|r| r.max_vcpus = MAX_VCPUS + 1);
        check(LimitError::Grants, &|r| r.grant_opts = 0);
        check(LimitError::Grants, &|r| r.grant_opts = 2);
        check(LimitError::Grants, &|r| r.grant_opts = 1 | 1 << 4);
        check(LimitError::Grants, &|r| r.max_grant_frames = 0);
        check(LimitError::Grants, &|r| r.max_grant_frames = 65);
        check(LimitError::Maptrack, &|r| r.max_maptrack_frames = 1025);
    }
}
