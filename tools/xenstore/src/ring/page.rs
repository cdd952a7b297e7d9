//! A domain's page, and what the server needs of the machine.

use std::io;
use std::os::fd::BorrowedFd;

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::StoreRing;

use crate::request::Introduction;

/// A page that a domain has too, and may write at any time, laid out as [`StoreRing`].
///
/// Offsets are in bytes. What lies outside of the page reads as zeros, and is not written.
pub trait RingPage: Send {
    /// Copies bytes out.
    fn read(&self, offset: usize, into: &mut [u8]);
    /// Copies bytes in.
    fn write(&self, offset: usize, bytes: &[u8]);
    /// Reads a word, before all that is read afterwards.
    fn load(&self, offset: usize) -> u32;
    /// Writes a word, after all that was written before.
    fn store(&self, offset: usize, value: u32);
}

/// What the server needs of the machine.
pub trait Machine: Send {
    /// The control domain's own ring, as it is to be introduced; `None` where it has none.
    ///
    /// # Errors
    /// It can't be found out.
    fn control_domain(&mut self) -> io::Result<Option<Introduction>>;

    /// Maps a domain's page and binds its event channel, in place of those that were there.
    ///
    /// # Errors
    /// One of them fails; then neither is there.
    fn reach(&mut self, introduction: &Introduction) -> io::Result<Box<dyn RingPage>>;

    /// Unbinds a domain's event channel. Its page goes with what [`Machine::reach`] answered.
    fn let_go(&mut self, domain: DomainId);

    /// Sends an event to a domain.
    fn notify(&mut self, domain: DomainId);

    /// Appends what happened since this was asked last.
    ///
    /// # Errors
    /// The event channels can't be read.
    fn news(&mut self, into: &mut Vec<News>) -> io::Result<()>;

    /// What is readable when there are news.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// How a domain is.
    fn condition(&mut self, domain: DomainId) -> Condition;
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A domain sent an event.
    Ring(DomainId),
    /// Some domain has shut down, or is gone.
    Domains,
}

/// How a domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It runs, or could.
    Running,
    /// It has shut down or crashed, and is still there.
    ShutDown,
    /// It is gone, or goes.
    Gone,
}

/// A machine without domains: what there is on an ordinary host.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDomains;

impl Machine for NoDomains {
    fn control_domain(&mut self) -> io::Result<Option<Introduction>> {
        Ok(None)
    }

    fn reach(&mut self, _: &Introduction) -> io::Result<Box<dyn RingPage>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn let_go(&mut self, _: DomainId) {}

    fn notify(&mut self, _: DomainId) {}

    fn news(&mut self, _: &mut Vec<News>) -> io::Result<()> {
        Ok(())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn condition(&mut self, _: DomainId) -> Condition {
        Condition::Gone
    }
}

/// Where things stand in the page.
pub(super) mod offset {
    use core::mem::offset_of;

    use super::StoreRing;

    pub(in crate::ring) const REQUESTS: usize = offset_of!(StoreRing, req);
    pub(in crate::ring) const RESPONSES: usize = offset_of!(StoreRing, rsp);
    pub(in crate::ring) const REQ_CONS: usize = offset_of!(StoreRing, req_cons);
    pub(in crate::ring) const REQ_PROD: usize = offset_of!(StoreRing, req_prod);
    pub(in crate::ring) const RSP_CONS: usize = offset_of!(StoreRing, rsp_cons);
    pub(in crate::ring) const RSP_PROD: usize = offset_of!(StoreRing, rsp_prod);
    pub(in crate::ring) const FEATURES: usize = offset_of!(StoreRing, server_features);
    pub(in crate::ring) const CONNECTION: usize = offset_of!(StoreRing, connection);
    pub(in crate::ring) const ERROR: usize = offset_of!(StoreRing, error);
}
