//! Requests of guests, decoded and checked.

use bitflags::bitflags;
use ringwall_abi::{DomainId, Errno, GuestAddress, MachineAddress, Mfn, PAGE_SIZE};

use super::{Access, GrantRef, Handle, Mapping, Status, Uses};

/// Where CPUs see a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostAddress {
    /// At a canonical virtual address in the mapper's address space.
    Virtual(GuestAddress),
    /// Through the page-table entry at this machine address, a multiple of 8.
    Entry(MachineAddress),
}

impl HostAddress {
    fn raw(self) -> u64 {
        match self {
            Self::Virtual(address) => address.raw(),
            Self::Entry(address) => address.raw(),
        }
    }
}

bitflags! {
    /// `GNTMAP_*` (`public/grant_table.h`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct MapFlags: u32 {
        const DEVICE = 1 << 0;
        const HOST = 1 << 1;
        const READONLY = 1 << 2;
        const APPLICATION = 1 << 3;
        const CONTAINS_PTE = 1 << 4;
    }
}

/// A `gnttab_map_grant_ref`, without the grant itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// What the mapping is to allow.
    pub access: Access,
    /// Where CPUs are to see it, if at all.
    pub host: Option<HostAddress>,
    /// Whether devices may use the frame.
    pub device: bool,
    /// Whether the guest's user space may use it as well.
    pub application: bool,
    /// Bits for the software bits of the page-table entry, from bit 0 on.
    pub available: u16,
}

impl MapRequest {
    /// Decodes `flags` and `host_addr`.
    ///
    /// # Errors
    /// [`Status::BadReference`] for a mapping for nobody; [`Status::BadVirtualAddress`] for an
    /// address that is not canonical; [`Status::General`] for a page-table entry that is not
    /// aligned.
    #[doc(alias = "GNTTABOP_map_grant_ref")]
    pub fn decode(raw_flags: u32, host_address: u64) -> Result<Self, Status> {
        let flags = MapFlags::from_bits_truncate(raw_flags);
        if !flags.intersects(MapFlags::HOST | MapFlags::DEVICE) {
            return Err(Status::BadReference);
        }
        let host = if !flags.contains(MapFlags::HOST) {
            None
        } else if flags.contains(MapFlags::CONTAINS_PTE) {
            Some(page_table_entry(host_address)?)
        } else {
            Some(virtual_address(host_address)?)
        };
        // GNTMAP_guest_avail_mask
        let [_, _, low, high] = raw_flags.to_le_bytes();
        Ok(Self {
            access: if flags.contains(MapFlags::READONLY) {
                Access::ReadOnly
            } else {
                Access::ReadWrite
            },
            host,
            device: flags.contains(MapFlags::DEVICE),
            application: flags.contains(MapFlags::APPLICATION),
            available: u16::from_le_bytes([low, high]),
        })
    }

    /// Who will use the frame.
    #[must_use]
    pub fn uses(&self) -> Uses {
        Uses::of(self.host, self.device)
    }
}

fn page_table_entry(raw: u64) -> Result<HostAddress, Status> {
    if raw.is_multiple_of(8) {
        Ok(HostAddress::Entry(MachineAddress::new(raw)))
    } else {
        Err(Status::General)
    }
}

fn virtual_address(raw: u64) -> Result<HostAddress, Status> {
    let address = GuestAddress::new(raw);
    if address.is_canonical() {
        Ok(HostAddress::Virtual(address))
    } else {
        Err(Status::BadVirtualAddress)
    }
}

/// A `gnttab_unmap_grant_ref` or `gnttab_unmap_and_replace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnmapRequest {
    /// The mapping.
    pub handle: Handle,
    host: Option<u64>,
    device: Option<u64>,
    replacement: Option<GuestAddress>,
}

impl UnmapRequest {
    /// A `gnttab_unmap_grant_ref`: addresses of 0 leave their part of the mapping alone.
    #[doc(alias = "GNTTABOP_unmap_grant_ref")]
    #[must_use]
    pub fn unmap(handle: Handle, host_address: u64, device_address: u64) -> Self {
        Self {
            handle,
            host: (host_address != 0).then_some(host_address),
            device: (device_address != 0).then_some(device_address),
            replacement: None,
        }
    }

    /// A `gnttab_unmap_and_replace`: the entry at `new_address` takes the mapping's place, and
    /// is empty afterwards.
    ///
    /// # Errors
    /// [`Status::BadVirtualAddress`] where `new_address` is not canonical.
    #[doc(alias = "GNTTABOP_unmap_and_replace")]
    pub fn replace(handle: Handle, host_address: u64, new_address: u64) -> Result<Self, Status> {
        virtual_address(new_address)?;
        Ok(Self {
            replacement: Some(GuestAddress::new(new_address)),
            ..Self::unmap(handle, host_address, 0)
        })
    }

    /// Where the entry is that takes the mapping's place, if one does.
    #[must_use]
    pub fn replacement(&self) -> Option<GuestAddress> {
        self.replacement
    }

    /// What the request undoes of a mapping, by what is known of the mapping.
    pub(super) fn check(&self, mapping: &Mapping) -> Result<Uses, Status> {
        let mut uses = Uses::empty();
        if let Some(address) = self.host {
            if mapping.host.map(HostAddress::raw) != Some(address) {
                return Err(Status::BadVirtualAddress);
            }
            uses |= Uses::HOST;
        }
        if let Some(address) = self.device {
            let known = mapping.frame.address().filter(|_| mapping.device);
            if known.map(MachineAddress::raw) != Some(address) {
                return Err(Status::BadDeviceAddress);
            }
            uses |= Uses::DEVICE;
        }
        if self.replacement.is_some() && !matches!(mapping.host, Some(HostAddress::Virtual(_))) {
            return Err(Status::General);
        }
        Ok(uses)
    }
}

/// `source` or `dest` of a `gnttab_copy`, as the guest wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopySideArguments {
    /// `u.ref` or `u.gmfn`.
    pub number: u64,
    /// `domid`.
    pub domain: DomainId,
    /// `offset`, in bytes.
    pub offset: u16,
}

/// One side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopySide {
    /// A frame that was granted to the caller.
    Grant {
        /// By whom; may be [`DomainId::SELF`].
        granter: DomainId,
        /// The entry in the granter's table.
        reference: GrantRef,
    },
    /// A frame of the caller's own; paravirtualized guests count machine frames.
    Own(Mfn),
}

/// A `gnttab_copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyRequest {
    /// What is read.
    pub source: CopySide,
    /// What is written.
    pub destination: CopySide,
    /// Where in the source frame, in bytes.
    pub source_offset: usize,
    /// Where in the destination frame, in bytes.
    pub destination_offset: usize,
    /// How many bytes; both ranges lie in one page.
    pub length: usize,
}

const GNTCOPY_SOURCE_GREF: u16 = 1 << 0;
const GNTCOPY_DEST_GREF: u16 = 1 << 1;

impl CopyRequest {
    /// Decodes a copy. The caller then [acquires](super::Grants::acquire) the granted sides with
    /// [`Uses::HOST`], the source [`Access::ReadOnly`], and drops what it acquired after copying.
    ///
    /// # Errors
    /// [`Status::BadCopyArgument`] across the end of a page; [`Status::PermissionDenied`] for a
    /// frame number of another domain.
    #[doc(alias = "GNTTABOP_copy")]
    pub fn decode(
        source: CopySideArguments,
        destination: CopySideArguments,
        length: u16,
        flags: u16,
    ) -> Result<Self, Status> {
        let length = usize::from(length);
        Ok(Self {
            source_offset: in_page(source.offset, length)?,
            destination_offset: in_page(destination.offset, length)?,
            source: side(source, flags & GNTCOPY_SOURCE_GREF != 0)?,
            destination: side(destination, flags & GNTCOPY_DEST_GREF != 0)?,
            length,
        })
    }
}

fn in_page(offset: u16, length: usize) -> Result<usize, Status> {
    let offset = usize::from(offset);
    if offset < PAGE_SIZE && length <= PAGE_SIZE - offset {
        Ok(offset)
    } else {
        Err(Status::BadCopyArgument)
    }
}

fn side(arguments: CopySideArguments, by_grant: bool) -> Result<CopySide, Status> {
    if by_grant {
        // The reference is the low half of the union; what lies above is no part of it.
        let [a, b, c, d, ..] = arguments.number.to_le_bytes();
        let reference = GrantRef::new(u32::from_le_bytes([a, b, c, d]));
        Ok(CopySide::Grant {
            granter: arguments.domain,
            reference,
        })
    } else if arguments.domain == DomainId::SELF {
        Ok(CopySide::Own(Mfn::new(arguments.number)))
    } else {
        Err(Status::PermissionDenied)
    }
}

const GNTTAB_CACHE_CLEAN: u32 = 1 << 0;
const GNTTAB_CACHE_INVAL: u32 = 1 << 1;

/// `GNTTABOP_cache_flush`: checks it. There is nothing to do then, for caches are coherent.
///
/// # Errors
/// `EINVAL` across the end of a page or for unknown operations; `EOPNOTSUPP` for a frame named by
/// its grant reference.
#[doc(alias = "GNTTABOP_cache_flush")]
pub fn cache_flush(operation: u32, offset: u16, length: u16) -> Result<(), Errno> {
    const SOURCE_GREF: u32 = 1 << 31;
    in_page(offset, usize::from(length)).map_err(|_| Errno::EINVAL)?;
    if operation & !(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL | SOURCE_GREF) != 0 {
        return Err(Errno::EINVAL);
    }
    if operation & SOURCE_GREF != 0 {
        Err(Errno::EOPNOTSUPP)
    } else {
        Ok(())
    }
}
