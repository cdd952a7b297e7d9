//! An entry in use: the hypervisor's own copy.

use bitflags::bitflags;
use ringwall_abi::{DomainId, Mfn};

use super::HostAddress;

/// What may be done with a granted frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    ReadOnly,
    /// Reading and writing.
    ReadWrite,
}

bitflags! {
    /// Who accesses a granted frame.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Uses: u8 {
        /// CPUs, through a mapping or during a copy.
        const HOST = 1 << 0;
        /// Devices.
        const DEVICE = 1 << 1;
    }
}

impl Uses {
    pub(super) fn of(host: Option<HostAddress>, device: bool) -> Self {
        let mut uses = Self::empty();
        uses.set(Self::HOST, host.is_some());
        uses.set(Self::DEVICE, device);
        uses
    }
}

/// What the hypervisor knows of an entry in use. While there are pins, this is what counts, and
/// no longer what the granter's memory says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    pub(super) frame: Mfn,
    pub(super) domain: DomainId,
    pub(super) pins: Pins,
}

impl Active {
    pub(super) const fn new() -> Self {
        Self {
            frame: Mfn::new(0),
            domain: DomainId::INVALID,
            pins: Pins {
                read: [0; 2],
                write: [0; 2],
            },
        }
    }
}

/// How often an entry is in use, by host and by device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pins {
    read: [u16; 2],
    write: [u16; 2],
}

impl Pins {
    /// With one more of each use, if the counters can hold it.
    pub(super) fn with(self, access: Access, uses: Uses) -> Option<Self> {
        self.change(access, uses, |count| count.checked_add(1))
    }

    /// With one less of each use, if there was one.
    pub(super) fn without(self, access: Access, uses: Uses) -> Option<Self> {
        self.change(access, uses, |count| count.checked_sub(1))
    }

    /// The widest access that is in use.
    pub(super) fn access(self) -> Option<Access> {
        if self.write != [0; 2] {
            Some(Access::ReadWrite)
        } else if self.read != [0; 2] {
            Some(Access::ReadOnly)
        } else {
            None
        }
    }

    fn change(
        mut self,
        access: Access,
        uses: Uses,
        by_one: impl Fn(u16) -> Option<u16>,
    ) -> Option<Self> {
        let counts = match access {
            Access::ReadOnly => &mut self.read,
            Access::ReadWrite => &mut self.write,
        };
        for (count, one) in counts.iter_mut().zip([Uses::HOST, Uses::DEVICE]) {
            if uses.contains(one) {
                *count = by_one(*count)?;
            }
        }
        Some(self)
    }
}
