//! Virtual and physical interrupt lines.

use ringwall_abi::{Errno, Port};

use super::Error;

/// How many VIRQs a virtual CPU has (`NR_VIRQS`, `public/xen.h`).
pub const VIRQS: usize = 24;

/// A virtual interrupt's number, below [`VIRQS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Virq(u8);

impl Virq {
    /// Timebase update or requested timeout; per vCPU.
    #[doc(alias = "VIRQ_TIMER")]
    pub const TIMER: Self = Self(0);
    /// Request to dump debugging information; per vCPU.
    #[doc(alias = "VIRQ_DEBUG")]
    pub const DEBUG: Self = Self(1);
    /// Bytes received on the console; global.
    #[doc(alias = "VIRQ_CONSOLE")]
    pub const CONSOLE: Self = Self(2);
    /// Something happened to a domain; global.
    #[doc(alias = "VIRQ_DOM_EXC")]
    pub const DOM_EXC: Self = Self(3);
    /// Output was added to the console ring; global.
    #[doc(alias = "VIRQ_CON_RING")]
    pub const CON_RING: Self = Self(8);

    const XENOPROF: Self = Self(7);
    const XENPMU: Self = Self(13);

    /// Decodes a number.
    ///
    /// # Errors
    /// [`Error::BadVirq`] from [`VIRQS`] on.
    pub fn new(raw: u32) -> Result<Self, Error> {
        match u8::try_from(raw) {
            Ok(number) if usize::from(number) < VIRQS => Ok(Self(number)),
            _ => Err(Error::BadVirq),
        }
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0 as u32
    }

    /// Whether the domain has one of it, instead of one per virtual CPU (`public/xen.h`: the
    /// numbers marked "G.", and those without a meaning yet).
    #[must_use]
    pub fn is_global(self) -> bool {
        ![Self::TIMER, Self::DEBUG, Self::XENOPROF, Self::XENPMU].contains(&self)
    }
}

/// A physical interrupt's number as a domain counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pirq(u32);

impl Pirq {
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

/// The interrupts behind a domain's PIRQs.
///
/// Called with the domain's port lock held, so that binding and closing the same PIRQ can't
/// overtake each other: the lock of the interrupts comes after it in the lock order.
pub trait PirqLines {
    /// Routes the interrupt to the domain and unmasks it. From then on, also before this
    /// returns, the PIRQ may be raised: `port` is ready.
    ///
    /// # Errors
    /// What the guest is told: `EPERM`, `EBUSY` ...; the line is then as it was.
    fn connect(&self, pirq: Pirq, port: Port) -> Result<(), Errno>;

    /// Masks the interrupt and takes it back from the domain.
    fn disconnect(&self, pirq: Pirq);
}

/// A domain without physical interrupts.
impl PirqLines for () {
    fn connect(&self, _: Pirq, _: Port) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn disconnect(&self, _: Pirq) {}
}
