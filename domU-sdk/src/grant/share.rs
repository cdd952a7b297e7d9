//! Letting another domain use a page.

use alloc::sync::Arc;
use core::mem::ManuallyDrop;

use ringwall_abi::DomainId;

use super::{Error, table};
use crate::memory::Page;
use crate::memory::entry::Access;

/// A page that another domain may use, as long as this lives.
///
/// Dropped while the other domain has the page mapped, it keeps the page and its reference for good: a page
/// that somebody else writes must never be memory of ours again.
#[derive(Debug)]
pub struct Grant {
    reference: u32,
    page: ManuallyDrop<Arc<Page>>,
}

/// Grants a page to a domain.
///
/// # Errors
///
/// [`Error::NoReference`] where the table is full, or what the hypervisor says of its growth.
pub fn share(page: &Arc<Page>, to: DomainId, access: Access) -> Result<Grant, Error> {
    let reference = table::grant(page.frame(), to, access)?;
    Ok(Grant {
        reference,
        page: ManuallyDrop::new(page.clone()),
    })
}

impl Grant {
    /// The number by which the other domain finds it.
    #[must_use]
    pub const fn reference(&self) -> u32 {
        self.reference
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Arc<Page> {
        &self.page
    }

    /// Whether the other domain has it mapped.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        table::is_in_use(self.reference)
    }

    /// Takes the grant back.
    ///
    /// # Errors
    ///
    /// The grant again, where the other domain has the page mapped.
    pub fn revoke(self) -> Result<Arc<Page>, Self> {
        if !table::revoke(self.reference) {
            return Err(self);
        }
        let page = Arc::clone(&self.page);
        self.release();
        Ok(page)
    }

    /// Forgets the grant, which is revoked, and its hold of the page.
    fn release(self) {
        let mut grant = ManuallyDrop::new(self);
        drop(take(&mut grant.page));
    }
}

/// The page out of its slot, which is not looked at again.
#[expect(
    unsafe_code,
    reason = "moves a value out of a field that is not dropped"
)]
fn take(page: &mut ManuallyDrop<Arc<Page>>) -> Arc<Page> {
    // SAFETY: both callers forget the slot.
    unsafe { ManuallyDrop::take(page) }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if table::revoke(self.reference) {
            drop(take(&mut self.page));
        }
    }
}
