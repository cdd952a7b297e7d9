//! Other domains' frames, mapped into this process.

use std::fs::File;
use std::os::fd::AsFd as _;

use ringwall_abi::memory::{MemoryOp, ResourceType};
use ringwall_abi::{DomainId, Mfn};

use crate::{Error, Hypervisor, Result, SharedMemory, sys};

/// The name of mapping frames, which is no hypercall of its own.
const MAP: &str = "IOCTL_PRIVCMD_MMAPBATCH_V2";

/// What a mapping allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Reads.
    ReadOnly,
    /// Reads and writes.
    ReadWrite,
}

impl SharedMemory {
    /// Maps the first `pages` pages of a file that stands for shared pages, as `/proc/xen/xsd_kva` does.
    ///
    /// # Errors
    /// The system's: the file can't be mapped, or not so.
    pub fn of_file(file: &File, pages: usize, protection: Protection) -> Result<Self> {
        Self::reserve(file.as_fd(), 0, pages, protection)
            .map_err(|errno| Error::from_system("mmap", errno))
    }
}

impl Hypervisor {
    /// Maps frames of a domain, one after the other: by one system call, however many they are.
    ///
    /// # Errors
    /// `EPERM`, `EINVAL`: a frame is not the domain's, or can't be mapped so (page tables are read-only);
    /// `ESRCH`: there is no such domain; `ENOMEM`.
    pub fn map_frames(
        &self,
        domain: DomainId,
        frames: &[Mfn],
        protection: Protection,
    ) -> Result<SharedMemory> {
        sys::map_frames(self.privcmd().as_fd(), domain, frames, protection)
            .map_err(|(_, errno)| Error::from_system(MAP, errno).of(domain))
    }

    /// Maps the first `pages` pages of a domain's grant table, which grows if it has fewer.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `EINVAL`: the table can't have as many; `ENOMEM`.
    #[doc(alias = "XENMEM_acquire_resource")]
    pub fn map_grant_table(&self, domain: DomainId, pages: usize) -> Result<SharedMemory> {
        let kind = ResourceType::GrantTable;
        sys::map_resource(self.privcmd().as_fd(), domain, kind, 0, pages).map_err(|errno| {
            Error::from_system(MemoryOp::AcquireResource.header_name(), errno).of(domain)
        })
    }
}
