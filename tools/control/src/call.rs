//! The handle on the hypervisor, and how a hypercall is done.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringwall_abi::domctl::{self, DomctlHeader, DomctlOp, DomctlRequest};
use ringwall_abi::sysctl::{self, SysctlHeader, SysctlOp, SysctlRequest};
use ringwall_abi::{DomainId, Errno, GuestAddress, Hypercall};
use zerocopy::{FromBytes, FromZeros as _, Immutable, IntoBytes};

use crate::sys::{self, Pages};
use crate::{Error, Result};

const PRIVCMD: &str = "/dev/xen/privcmd";
const HYPERCALL: &str = "/dev/xen/hypercall";
/// Room for what one hypercall takes and gives, in pages.
const PAGES: usize = 16;
/// Alignment of what lies there, in bytes.
const ALIGN: usize = 16;

/// The hypervisor, Ringwall or Xen, as its control domain reaches it.
///
/// Threads may share it: hypercalls are done one at a time. Each operation is a method; what it is called in
/// Xen's headers is a `doc(alias)`. Most ask for `root`'s rights in dom0.
#[derive(Debug)]
pub struct Hypervisor {
    privcmd: File,
    pages: Mutex<Pages>,
}

impl Hypervisor {
    /// Opens the control interface, `/dev/xen/privcmd`.
    ///
    /// # Errors
    /// `ENOENT`: this is no dom0, or module `xen-privcmd` is not loaded; `EACCES`, `EPERM`: the process may not.
    pub fn open() -> Result<Self> {
        let open = |path| File::options().read(true).write(true).open(path);
        let privcmd = open(PRIVCMD).map_err(|error| Error::from_io(PRIVCMD, &error))?;
        let hypercall = open(HYPERCALL).ok();
        let device = hypercall.as_ref().map(File::as_fd);
        let pages =
            Pages::new(device, PAGES).map_err(|errno| Error::from_system(HYPERCALL, errno))?;
        Ok(Self {
            privcmd,
            pages: Mutex::new(pages),
        })
    }

    /// Starts a hypercall.
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            privcmd: &self.privcmd,
            // What a thread left behind that panicked is overwritten.
            pages: self.pages.lock().unwrap_or_else(PoisonError::into_inner),
            used: 0,
        }
    }

    pub(crate) fn privcmd(&self) -> &File {
        &self.privcmd
    }

    /// Does a `domctl` with `body`, and gives it back as the hypervisor left it.
    pub(crate) fn domctl<T>(&self, op: DomctlOp, domain: DomainId, body: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        self.call().domctl(op, domain, body)
    }

    /// Does a `domctl` that has no body.
    pub(crate) fn domctl_plain(&self, op: DomctlOp, domain: DomainId) -> Result<()> {
        self.domctl(op, domain, 0_u64).map(drop)
    }

    /// Does a `sysctl` with `body`, and gives it back as the hypervisor left it.
    pub(crate) fn sysctl<T>(&self, op: SysctlOp, body: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        self.call().sysctl(op, body)
    }
}

/// A hypercall in the making: its structures are put into memory that the hypervisor can reach, one after the
/// other, and read from there afterwards.
pub(crate) struct Call<'a> {
    privcmd: &'a File,
    pages: MutexGuard<'a, Pages>,
    used: usize,
}

/// Where bytes lie that a hypercall takes or gives.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    offset: usize,
    length: usize,
    address: GuestAddress,
}

impl Place {
    /// What the hypervisor is told.
    pub(crate) const fn address(self) -> GuestAddress {
        self.address
    }
}

impl Call<'_> {
    /// Bytes that [`Call::place`] can still give, less what alignment takes.
    pub(crate) fn room(&self) -> usize {
        (PAGES * ringwall_abi::PAGE_SIZE)
            .saturating_sub(self.used)
            .saturating_sub(ALIGN)
    }

    /// Keeps room for `length` bytes, filled with zeros.
    pub(crate) fn place(&mut self, length: usize) -> Result<Place> {
        let offset = self.used.next_multiple_of(ALIGN);
        let full = Error::new("hypercall", Errno::E2BIG);
        let end = offset.checked_add(length).ok_or(full)?;
        self.pages
            .bytes_mut()
            .get_mut(offset..end)
            .ok_or(full)?
            .zero();
        self.used = end;
        Ok(Place {
            offset,
            length,
            address: self.pages.address(offset),
        })
    }

    /// Puts a structure, or a list.
    pub(crate) fn put(&mut self, value: &(impl IntoBytes + Immutable + ?Sized)) -> Result<Place> {
        let bytes = value.as_bytes();
        let place = self.place(bytes.len())?;
        if let Some(room) = self
            .pages
            .bytes_mut()
            .get_mut(place.offset..place.offset + place.length)
        {
            room.copy_from_slice(bytes);
        }
        Ok(place)
    }

    /// The bytes at a place.
    pub(crate) fn bytes(&self, place: Place) -> &[u8] {
        self.pages
            .bytes()
            .get(place.offset..place.offset + place.length)
            .unwrap_or_default()
    }

    /// The structure at the start of a place.
    pub(crate) fn get<T: FromBytes>(&self, place: Place) -> Result<T> {
        match T::read_from_prefix(self.bytes(place)) {
            Ok((value, _)) => Ok(value),
            Err(_) => Err(Error::new("hypercall", Errno::EFAULT)),
        }
    }

    /// Does the hypercall; its result, which is not negative. `arguments` has no addresses but those of places.
    pub(crate) fn make(
        &mut self,
        operation: &'static str,
        hypercall: Hypercall,
        arguments: [u64; 5],
    ) -> Result<u64> {
        let result = sys::hypercall(self.privcmd.as_fd(), &mut self.pages, hypercall, arguments);
        match result {
            Ok(result) => Ok(result.unsigned_abs().into()),
            Err(errno) => Err(Error::from_system(operation, errno)),
        }
    }

    pub(crate) fn domctl<T>(&mut self, op: DomctlOp, domain: DomainId, body: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        let (_, body) = self.domctl_named(op, domain, body)?;
        Ok(body)
    }

    /// As [`Call::domctl`], with the domain that the hypervisor has put into the header.
    pub(crate) fn domctl_named<T>(
        &mut self,
        op: DomctlOp,
        domain: DomainId,
        body: T,
    ) -> Result<(DomainId, T)>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        const { assert!(size_of::<T>() <= size_of::<DomctlRequest>() - DomctlRequest::BODY_OFFSET) };
        let header = DomctlHeader {
            cmd: op.number(),
            interface_version: domctl::INTERFACE_VERSION,
            domain,
            ..DomctlHeader::new_zeroed()
        };
        let mut request = DomctlRequest::new_zeroed();
        prefix(request.as_mut_bytes(), 0, &header);
        prefix(request.as_mut_bytes(), DomctlRequest::BODY_OFFSET, &body);
        let place = self.put(&request)?;
        self.make(
            op.header_name(),
            Hypercall::Domctl,
            [place.address().raw(), 0, 0, 0, 0],
        )
        .map_err(|error| match op {
            DomctlOp::CreateDomain => error,
            _ => error.of(domain),
        })?;
        let answer: DomctlRequest = self.get(place)?;
        Ok((
            answer.domain,
            self.get(place.at(DomctlRequest::BODY_OFFSET))?,
        ))
    }

    pub(crate) fn sysctl<T>(&mut self, op: SysctlOp, body: T) -> Result<T>
    where
        T: IntoBytes + FromBytes + Immutable,
    {
        const { assert!(size_of::<T>() <= size_of::<SysctlRequest>() - SysctlRequest::BODY_OFFSET) };
        let header = SysctlHeader {
            cmd: op.number(),
            interface_version: sysctl::INTERFACE_VERSION,
        };
        let mut request = SysctlRequest::new_zeroed();
        prefix(request.as_mut_bytes(), 0, &header);
        prefix(request.as_mut_bytes(), SysctlRequest::BODY_OFFSET, &body);
        let place = self.put(&request)?;
        self.make(
            op.header_name(),
            Hypercall::Sysctl,
            [place.address().raw(), 0, 0, 0, 0],
        )?;
        self.get(place.at(SysctlRequest::BODY_OFFSET))
    }
}

impl Place {
    /// The same from a later byte on.
    fn at(self, offset: usize) -> Self {
        let offset = offset.min(self.length);
        Self {
            offset: self.offset + offset,
            length: self.length - offset,
            address: GuestAddress::new(self.address.raw() + offset as u64),
        }
    }
}

/// Writes a structure into a larger one. That it fits is checked where the types are known.
fn prefix(bytes: &mut [u8], offset: usize, value: &(impl IntoBytes + Immutable)) {
    let room = bytes.get_mut(offset..).unwrap_or_default();
    let _ = value.write_to_prefix(room);
}
