//! Pages that other domains grant.

use std::fs::File;
use std::ops::Deref;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use ringwall_abi::{DomainId, Port};

use crate::sys;
use crate::{Error, Protection, Result, SharedMemory};

const GNTDEV: &str = "/dev/xen/gntdev";

/// Maps pages by the references under which other domains grant them: Linux's `/dev/xen/gntdev`.
#[derive(Clone, Debug)]
pub struct GrantDevice {
    device: Arc<File>,
}

/// What is done when a mapping is undone, also because this process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnmapNotice {
    /// The byte that is cleared, by its offset in the mapping.
    pub clear_byte: Option<u32>,
    /// The port of this domain to which an event is sent.
    pub send_event: Option<Port>,
}

/// Granted pages, mapped one after the other; dropping it unmaps them.
#[derive(Debug)]
pub struct GrantedMemory {
    // Fields are dropped in this order: the pages are unmapped, then the device forgets them.
    memory: SharedMemory,
    registration: Registration,
}

/// What the device knows of a mapping.
#[derive(Debug)]
struct Registration {
    device: Arc<File>,
    index: u64,
    pages: usize,
}

impl GrantDevice {
    /// Opens the device.
    ///
    /// # Errors
    /// `ENOENT`: this is no dom0, or module `xen-gntdev` is not loaded; `EACCES`.
    pub fn open() -> Result<Self> {
        let device = File::options()
            .read(true)
            .write(true)
            .open(GNTDEV)
            .map_err(|error| Error::from_io(GNTDEV, &error))?;
        Ok(Self {
            device: Arc::new(device),
        })
    }

    /// Maps pages that a domain grants to this one, at most 1024.
    ///
    /// # Errors
    /// `EINVAL`: a reference grants nothing of the kind, or there is none in the list; `ENOMEM`.
    #[doc(alias = "IOCTL_GNTDEV_MAP_GRANT_REF")]
    pub fn map(
        &self,
        domain: DomainId,
        references: &[u32],
        protection: Protection,
    ) -> Result<GrantedMemory> {
        let (memory, index) = sys::map_grants(self.device.as_fd(), domain, references, protection)
            .map_err(|errno| Error::from_system(GNTDEV, errno).of(domain))?;
        Ok(GrantedMemory {
            memory,
            registration: Registration {
                device: Arc::clone(&self.device),
                index,
                pages: references.len(),
            },
        })
    }
}

impl GrantedMemory {
    /// Sets what is done when the pages are unmapped; the last setting holds.
    ///
    /// # Errors
    /// `EINVAL`: the byte is not in the mapping, or the port is not this domain's; for a byte also where the
    /// mapping is read-only.
    #[doc(alias = "IOCTL_GNTDEV_SET_UNMAP_NOTIFY")]
    pub fn set_unmap_notice(&self, notice: UnmapNotice) -> Result<()> {
        let Registration { device, index, .. } = &self.registration;
        sys::set_unmap_notice(device.as_fd(), *index, notice)
            .map_err(|errno| Error::from_system(GNTDEV, errno))
    }
}

impl Deref for GrantedMemory {
    type Target = SharedMemory;

    fn deref(&self) -> &SharedMemory {
        &self.memory
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _ = sys::unmap_grants(self.device.as_fd(), self.index, self.pages);
    }
}
