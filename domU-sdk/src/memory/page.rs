//! Pages of the heap, owned.
// UNSAFETY: from an allocation to a page, and back.
#![expect(unsafe_code)]

use core::alloc::Layout;
use core::ops::Deref;
use core::ptr::with_exposed_provenance_mut;

use ringwall_abi::xen::VaMappingFlags;
use ringwall_abi::{GuestAddress, Mfn, PAGE_SIZE, Pfn};

use super::entry::{Access, leaf};
use super::{Error, frames};
use crate::hypercall;
use crate::raw::page::SharedPage;

/// A page of memory that may be shared with others, or become a page table: its words are reached by
/// atomics alone, as [`SharedPage`] has them.
///
/// On a host it is memory of the host, whose [`frame`](Self::frame) is its address divided by the page's
/// size: so protocols can be tested there.
#[derive(Debug)]
pub struct Page(SharedPage);

/// Layout of a page.
const LAYOUT: Layout = match Layout::from_size_align(PAGE_SIZE, PAGE_SIZE) {
    Ok(layout) => layout,
    Err(_) => panic!("a page has no layout"),
};

/// What is flushed when a page that may be in use changes: its translation, on all virtual CPUs.
const FLUSH: VaMappingFlags = VaMappingFlags::INVLPG.union(VaMappingFlags::ALL);

impl Page {
    /// A page of zeroes; `None` where memory is used up.
    #[must_use]
    pub fn new() -> Option<Self> {
        // SAFETY: the layout has a size.
        let block = unsafe { alloc::alloc::alloc_zeroed(LAYOUT) };
        if block.is_null() {
            return None;
        }
        // SAFETY: the block is a page, mapped until it is freed, and nobody else's.
        Some(Self(unsafe {
            SharedPage::new(block.expose_provenance() as u64)
        }))
    }

    /// Its machine frame.
    #[must_use]
    pub fn frame(&self) -> Mfn {
        if cfg!(target_os = "none") {
            return frames::mfn_of_address(self.address()).unwrap_or(Mfn::INVALID);
        }
        Mfn::new(self.address() / PAGE_SIZE as u64)
    }

    /// Its pseudo-physical frame.
    #[must_use]
    pub fn pfn(&self) -> Pfn {
        frames::pfn_of_address(self.address()).unwrap_or(Pfn::INVALID)
    }

    /// Changes what may be done with it where the heap has it mapped.
    ///
    /// # Errors
    ///
    /// `EINVAL` to make a page writable that is a page table.
    pub(crate) fn protect(&self, access: Access) -> Result<(), Error> {
        self.remap(leaf(self.frame(), access))
    }

    fn remap(&self, entry: u64) -> Result<(), Error> {
        let address = GuestAddress::new(self.address());
        // SAFETY: the page is `self`'s, whose users are this module and those that it lends to: they
        // give it back writable, or not at all.
        unsafe { hypercall::update_va_mapping(address, entry, FLUSH) }?;
        Ok(())
    }

    /// Gives the memory back to the hypervisor, and keeps its place: the balloon.
    ///
    /// # Errors
    ///
    /// The hypervisor's answer, where the page is in use by others; it is lost then, for good.
    pub fn give_back(self) -> Result<Hole, Error> {
        let (frame, pfn) = (self.frame(), self.pfn());
        // What goes wrong from here on leaves the page to nobody.
        let page = core::mem::ManuallyDrop::new(self);
        page.remap(0)?;
        frames::set_mfn(pfn, None);
        // SAFETY: the only mapping is gone, and `page` is nobody's any more.
        let given = unsafe { hypercall::decrease_reservation(&[frame]) }?;
        if given != 1 {
            return Err(Error::InUse);
        }
        Ok(Hole {
            address: page.address(),
            pfn,
        })
    }
}

impl Deref for Page {
    type Target = SharedPage;

    fn deref(&self) -> &SharedPage {
        &self.0
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let block = with_exposed_provenance_mut(super::word(self.0.address()));
        // SAFETY: it was allocated by `new` with this layout, is mapped writable, and not used any more.
        unsafe { alloc::alloc::dealloc(block, LAYOUT) };
    }
}

/// The place of a page whose memory the hypervisor has.
#[derive(Debug)]
#[must_use = "dropped, the place is lost for good"]
pub struct Hole {
    address: u64,
    pfn: Pfn,
}

impl Hole {
    /// The frame number that has no frame now.
    #[must_use]
    pub const fn pfn(&self) -> Pfn {
        self.pfn
    }

    /// Gets memory for the place.
    ///
    /// # Errors
    ///
    /// The place again, with [`Error::NoMemory`] where the hypervisor or the domain's limit has no page left.
    pub fn refill(self) -> Result<Page, (Self, Error)> {
        let mut list = [self.pfn];
        match hypercall::populate_physmap(&mut list) {
            Ok(1) => {}
            Ok(_) => return Err((self, Error::NoMemory)),
            Err(error) => return Err((self, error.into())),
        }
        let frame = Mfn::new(list[0].raw());
        frames::set_mfn(self.pfn, Some(frame));
        let (address, entry) = (
            GuestAddress::new(self.address),
            leaf(frame, Access::ReadWrite),
        );
        // SAFETY: nothing is mapped there, and the place is `self`'s.
        match unsafe { hypercall::update_va_mapping(address, entry, FLUSH) } {
            // SAFETY: the page is mapped again where the heap had it, and is nobody else's.
            Ok(()) => Ok(Page(unsafe { SharedPage::new(self.address) })),
            Err(error) => Err((self, error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn a_page_is_zero_aligned_and_holds_what_is_stored() {
        let page = Page::new().unwrap();
        assert!(page.address().is_multiple_of(PAGE_SIZE as u64));
        assert_eq!(page.u64(PAGE_SIZE - 8).load(Ordering::Relaxed), 0);
        page.u32(8).store(7, Ordering::Relaxed);
        assert_eq!(page.u8(8).load(Ordering::Relaxed), 7);
    }

    #[test]
    #[should_panic(expected = "no word of a page")]
    fn a_word_beyond_the_page_is_a_panic() {
        let _ = Page::new().unwrap().u64(PAGE_SIZE);
    }
}
