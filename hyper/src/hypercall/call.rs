//! A hypercall in progress.

use ringwall_abi::{DomainId, Errno, GuestAddress};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::memory::guest::{self, Fault};
use ringwall_model::{event, memory};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::domain::{self, Domain};
use crate::vcpu::Vcpu;

/// A hypercall's arguments, and who calls.
pub(crate) struct Call<'f> {
    /// The first six arguments. A handler that stops with [`Stop::Resume`] has put its progress here.
    pub(crate) arguments: [u64; 6],
    /// Who calls.
    pub(crate) vcpu: &'static Vcpu,
    /// The caller's registers, for the few calls that replace them.
    pub(crate) frame: &'f mut GuestFrame,
}

/// Why a hypercall gives no value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// It failed.
    Errno(Errno),
    /// Interrupted: the guest executes it again, with the arguments as they are now.
    Resume,
    /// The registers were replaced (`iret`), or the value stands in `rax` already: nothing more to write.
    Replaced,
    /// The domain can't go on.
    Crash(&'static str),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Fault> for Stop {
    fn from(_: Fault) -> Self {
        Self::Errno(Errno::EFAULT)
    }
}

impl From<memory::Error> for Stop {
    fn from(error: memory::Error) -> Self {
        match error {
            memory::Error::Preempted => Self::Resume,
            other => Self::Errno(other.into()),
        }
    }
}

impl From<event::Error> for Stop {
    fn from(error: event::Error) -> Self {
        Self::Errno(error.into())
    }
}

/// How every handler ends.
pub(crate) type Result<T = u64> = core::result::Result<T, Stop>;

impl Call<'_> {
    /// Argument `index` (0..6) as a number.
    pub(crate) fn number(&self, index: usize) -> u64 {
        self.arguments.get(index).copied().unwrap_or(0)
    }

    /// Argument `index` as 32 bits: the ABI's `int` and `unsigned int`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the ABI passes 32 bits in a register"
    )]
    pub(crate) fn word(&self, index: usize) -> u32 {
        self.number(index) as u32
    }

    /// Argument `index` as an address.
    pub(crate) fn address(&self, index: usize) -> GuestAddress {
        GuestAddress::new(self.number(index))
    }

    /// Copies the structure that argument `index` points to.
    pub(crate) fn read<T: FromBytes>(&self, index: usize) -> Result<T> {
        Ok(guest::read(self.address(index))?)
    }

    /// Copies a structure to where argument `index` points.
    pub(crate) fn write<T: IntoBytes + Immutable>(&self, index: usize, value: &T) -> Result<()> {
        Ok(guest::write(self.address(index), value)?)
    }

    /// The caller's domain.
    pub(crate) fn domain(&self) -> &'static Domain {
        self.vcpu.domain()
    }

    /// The domain that a number names: the caller's own, or, for a privileged caller, any.
    pub(crate) fn domain_named(&self, id: DomainId) -> Result<&'static Domain> {
        if id == DomainId::SELF || id == self.domain().id() {
            return Ok(self.domain());
        }
        if !self.domain().is_privileged() {
            return Err(Errno::EPERM.into());
        }
        domain::find(id).ok_or(Stop::Errno(Errno::ESRCH))
    }

    /// A domain that a privileged caller acts upon from outside: never the caller's own.
    ///
    /// # Errors
    /// `EPERM`, `ESRCH`; `EINVAL` for the caller's own.
    pub(crate) fn other_domain(&self, id: DomainId) -> Result<&'static Domain> {
        self.require_privilege()?;
        let domain = self.domain_named(id)?;
        if core::ptr::eq(domain, self.domain()) {
            return Err(Errno::EINVAL.into());
        }
        Ok(domain)
    }

    /// `EPERM` for callers without power over the machine.
    pub(crate) fn require_privilege(&self) -> Result<()> {
        if self.domain().is_privileged() {
            Ok(())
        } else {
            Err(Errno::EPERM.into())
        }
    }
}

/// Copies element `index` of a guest's array; `EFAULT` where the address wraps.
pub(crate) fn read_element<T: FromBytes>(array: GuestAddress, index: u64) -> Result<T> {
    Ok(guest::read(element::<T>(array, index)?)?)
}

/// Copies to element `index` of a guest's array.
pub(crate) fn write_element<T: IntoBytes + Immutable>(
    array: GuestAddress,
    index: u64,
    value: &T,
) -> Result<()> {
    Ok(guest::write(element::<T>(array, index)?, value)?)
}

/// The address of element `index` of a guest's array; `EFAULT` where it wraps.
pub(super) fn element<T>(array: GuestAddress, index: u64) -> Result<GuestAddress> {
    let offset = index.checked_mul(size_of::<T>() as u64);
    offset
        .and_then(|offset| array.checked_add(offset))
        .ok_or(Stop::Errno(Errno::EFAULT))
}
