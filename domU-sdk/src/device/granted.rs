//! Pages and event channels that are given back when they are dropped.

use ringwall_abi::{DomainId, Errno, Port};

use super::{Access, Guest, Platform};
use crate::SharedPage;

/// A page that is granted to another domain for as long as the value lives.
///
/// **Invariant:** a page that the other domain has mapped is never given back to the heap. Where the
/// grant can't be taken back at the end, the page is leaked.
#[derive(Debug)]
pub struct GrantedPage<P: Platform = Guest> {
    page: SharedPage,
    reference: u32,
    platform: P,
}

impl<P: Platform> GrantedPage<P> {
    /// Grants a page of zeroes from the heap.
    ///
    /// # Errors
    /// `ENOMEM`, or why it can't be granted: [`Platform::grant`].
    pub fn new(platform: &P, domain: DomainId, access: Access) -> Result<Self, Errno> {
        let page = SharedPage::zeroed().ok_or(Errno::ENOMEM)?;
        let reference = platform.grant(domain, &page, access)?;
        Ok(Self {
            page,
            reference,
            platform: platform.clone(),
        })
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &SharedPage {
        &self.page
    }

    /// The grant reference, for the other end.
    #[must_use]
    pub fn reference(&self) -> u32 {
        self.reference
    }
}

impl<P: Platform> Drop for GrantedPage<P> {
    fn drop(&mut self) {
        if self.platform.revoke(self.reference).is_err() {
            self.page.abandon();
        }
    }
}

/// An event channel to another domain, closed when the value is dropped.
#[derive(Debug)]
pub struct Channel<P: Platform = Guest> {
    port: Port,
    platform: P,
}

impl<P: Platform> Channel<P> {
    /// Opens a channel that `domain` may bind to.
    ///
    /// # Errors
    /// [`Platform::open_channel`]'s.
    pub fn open(platform: &P, domain: DomainId) -> Result<Self, Errno> {
        Ok(Self {
            port: platform.open_channel(domain)?,
            platform: platform.clone(),
        })
    }

    /// The port, on this side.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// Signals the other end.
    ///
    /// # Errors
    /// [`Platform::notify`]'s.
    pub fn notify(&self) -> Result<(), Errno> {
        self.platform.notify(self.port)
    }
}

impl<P: Platform> Drop for Channel<P> {
    fn drop(&mut self) {
        self.platform.close_channel(self.port);
    }
}
