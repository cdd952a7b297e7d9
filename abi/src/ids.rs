//! Identifiers of domains, virtual CPUs and event channels.

use core::fmt;

use serde::{Deserialize, Serialize};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A domain's number, or one of the reserved ones.
///
/// Source: `public/xen.h`.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Serialize,
    Deserialize,
)]
#[repr(transparent)]
pub struct DomainId(u16);

impl DomainId {
    /// The first reserved number: ordinary domains lie below it.
    pub const FIRST_RESERVED: Self = Self(0x7ff0);
    /// The caller itself.
    #[doc(alias = "DOMID_SELF")]
    pub const SELF: Self = Self(0x7ff0);
    /// Owner of what is no RAM.
    #[doc(alias = "DOMID_IO")]
    pub const IO: Self = Self(0x7ff1);
    /// Owner of the hypervisor's own frames that guests may see.
    #[doc(alias = "DOMID_XEN")]
    pub const XEN: Self = Self(0x7ff2);
    /// Owner of copy-on-write frames; unused.
    #[doc(alias = "DOMID_COW")]
    pub const COW: Self = Self(0x7ff3);
    /// No domain.
    #[doc(alias = "DOMID_INVALID")]
    pub const INVALID: Self = Self(0x7ff4);
    /// The frame has no owner and may be handed out.
    #[doc(alias = "DOMID_IDLE")]
    pub const IDLE: Self = Self(0x7fff);
    /// The privileged domain.
    pub const DOM0: Self = Self(0);

    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Whether this is the number of an ordinary domain.
    #[must_use]
    pub const fn is_ordinary(self) -> bool {
        self.0 < Self::FIRST_RESERVED.0
    }
}

impl fmt::Debug for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An event-channel port of a domain. Port 0 is never valid.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
)]
#[repr(transparent)]
pub struct Port(u32);

impl Port {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// A virtual CPU's number within its domain.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Serialize,
    Deserialize,
)]
#[repr(transparent)]
pub struct VcpuId(u32);

impl VcpuId {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for VcpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
