//! Windows: addresses at which pages, and what others grant, are mapped as one likes.
// UNSAFETY: maps at addresses that are its own.
#![expect(unsafe_code)]

use alloc::vec::Vec;

use ringwall_abi::xen::VaMappingFlags;
use ringwall_abi::{GuestAddress, Mfn, PAGE_SIZE};

use super::entry::{Access, Level, leaf};
use super::ranges::Ranges;
use super::tables::{self, Batch, Slot, Table, kernel_root};
use super::{Error, Page, bytes};
use crate::hypercall;
use crate::raw::page::SharedPage;
use crate::sync::Lock;

/// The first address of windows: root slot 274.
const BASE: u64 = 0xffff_8900_0000_0000;
/// Pages that all windows have room for: 1 GiB.
const ROOM: u64 = 1 << 18;
/// A change is seen by all virtual CPUs.
const FLUSH: VaMappingFlags = VaMappingFlags::INVLPG.union(VaMappingFlags::ALL);

/// Addresses that are free, and the tables behind all of them, which stay.
struct Space {
    free: Ranges,
    tables: Vec<Table>,
    ready: bool,
}

static SPACE: Lock<Space> = Lock::new(Space {
    free: Ranges::new(),
    tables: Vec::new(),
    ready: false,
});

/// Addresses in a row, a page each, with tables behind them and at first with nothing mapped.
#[derive(Debug)]
pub struct Window {
    /// The first page's number from `BASE` on.
    start: u64,
    pages: Vec<Mapped>,
}

/// What is mapped at one page's address.
#[derive(Debug)]
enum Mapped {
    Nothing,
    /// A page of ours, kept here until it is unmapped.
    Own(Page, SharedPage),
    /// A frame that somebody else answers for.
    Other(SharedPage),
}

impl Window {
    /// Room for so many pages.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`], or the hypervisor's answer to the tables.
    pub fn new(pages: usize) -> Result<Self, Error> {
        let mut list = Vec::new();
        list.try_reserve_exact(pages).map_err(|_| Error::NoMemory)?;
        list.extend((0..pages).map(|_| Mapped::Nothing));
        let mut space = SPACE.lock();
        let space = &mut *space;
        if !space.ready {
            space.free.give(0..ROOM);
            space.ready = true;
        }
        let start = space.free.take(pages as u64).ok_or(Error::NoMemory)?;
        let window = Self { start, pages: list };
        for index in 0..pages {
            let address = window.address(index);
            let first_of_table = Level::L1.index(address) == 0;
            if index == 0 || first_of_table {
                let made = tables::make_slot(kernel_root(), address, &mut space.tables);
                if let Err(error) = made {
                    space.free.give(window.range());
                    core::mem::forget(window);
                    return Err(error);
                }
            }
        }
        Ok(window)
    }

    /// Maps pages, the first of the list first.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new) and [`map`](Self::map).
    pub fn of(pages: Vec<Page>, access: Access) -> Result<Self, Error> {
        let mut window = Self::new(pages.len())?;
        let mut batch = Batch::new();
        for (index, page) in pages.into_iter().enumerate() {
            let (slot, view) = (window.slot(index)?, window.view(index));
            let entry = leaf(page.frame(), access);
            // From here on the window unmaps it, whether or not it comes to be mapped.
            if let Some(place) = window.pages.get_mut(index) {
                *place = Mapped::Own(page, view);
            }
            // SAFETY: nothing is mapped there, and the page is ours.
            unsafe { batch.add(slot, entry) }?;
        }
        batch.flush()?;
        Ok(window)
    }

    /// Pages that it has room for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether it has room for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The address of one of its pages.
    #[must_use]
    pub fn address(&self, index: usize) -> u64 {
        BASE + bytes(self.start + index as u64)
    }

    /// The place of a page's entry.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] beyond the window.
    pub fn slot(&self, index: usize) -> Result<Slot, Error> {
        if index >= self.pages.len() {
            return Err(Error::BadAddress);
        }
        tables::slot(kernel_root(), self.address(index), Level::L1).ok_or(Error::BadAddress)
    }

    /// Maps a page, which is the window's until it is unmapped.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] where something is mapped, [`Error::BadAddress`] beyond the window, or the
    /// hypervisor's answer. The page is freed then.
    pub fn map(&mut self, index: usize, page: Page, access: Access) -> Result<(), Error> {
        self.must_be_empty(index)?;
        self.write(index, leaf(page.frame(), access))?;
        let view = self.view(index);
        if let Some(place) = self.pages.get_mut(index) {
            *place = Mapped::Own(page, view);
        }
        Ok(())
    }

    /// Maps a frame, of the guest or of another domain.
    ///
    /// # Safety
    ///
    /// Whoever else uses the frame must reach it by atomics, and keep it until it is unmapped.
    ///
    /// # Errors
    ///
    /// As of [`map`](Self::map).
    pub unsafe fn map_frame(
        &mut self,
        index: usize,
        frame: Mfn,
        access: Access,
    ) -> Result<(), Error> {
        self.must_be_empty(index)?;
        self.write(index, leaf(frame, access))?;
        let view = self.view(index);
        if let Some(place) = self.pages.get_mut(index) {
            *place = Mapped::Other(view);
        }
        Ok(())
    }

    /// Changes what may be done with a page that is mapped. A store to one that may only be read is a page
    /// fault.
    ///
    /// # Errors
    ///
    /// [`Error::NotMapped`], or the hypervisor's answer.
    pub fn protect(&mut self, index: usize, access: Access) -> Result<(), Error> {
        let frame = match self.pages.get(index) {
            Some(Mapped::Own(page, _)) => page.frame(),
            Some(Mapped::Other(_)) => {
                let entry = self.slot(index)?.read().ok_or(Error::NotMapped)?;
                super::entry::target(entry).ok_or(Error::NotMapped)?
            }
            _ => return Err(Error::NotMapped),
        };
        self.write(index, leaf(frame, access))
    }

    /// Unmaps a page, and returns it where the window has kept it.
    ///
    /// # Errors
    ///
    /// [`Error::NotMapped`], or the hypervisor's answer.
    pub fn unmap(&mut self, index: usize) -> Result<Option<Page>, Error> {
        if matches!(self.pages.get(index), None | Some(Mapped::Nothing)) {
            return Err(Error::NotMapped);
        }
        self.write(index, 0)?;
        let place = self.pages.get_mut(index).ok_or(Error::BadAddress)?;
        Ok(match core::mem::replace(place, Mapped::Nothing) {
            Mapped::Own(page, _) => Some(page),
            _ => None,
        })
    }

    /// The words of a page that is mapped.
    #[must_use]
    pub fn page(&self, index: usize) -> Option<&SharedPage> {
        match self.pages.get(index)? {
            Mapped::Nothing => None,
            Mapped::Own(_, view) | Mapped::Other(view) => Some(view),
        }
    }

    /// Takes note of what a grant has mapped, or of its end.
    pub(crate) fn set_other(&mut self, index: usize, mapped: bool) {
        let view = self.view(index);
        if let Some(place) = self.pages.get_mut(index) {
            *place = if mapped {
                Mapped::Other(view)
            } else {
                Mapped::Nothing
            };
        }
    }

    fn must_be_empty(&self, index: usize) -> Result<(), Error> {
        match self.pages.get(index) {
            Some(Mapped::Nothing) => Ok(()),
            Some(_) => Err(Error::InUse),
            None => Err(Error::BadAddress),
        }
    }

    /// The words at a page's address, which are looked at while something is mapped there.
    fn view(&self, index: usize) -> SharedPage {
        // SAFETY: it is kept beside the mapping, and goes with it.
        unsafe { SharedPage::new(self.address(index)) }
    }

    fn write(&mut self, index: usize, entry: u64) -> Result<(), Error> {
        let address = GuestAddress::new(self.address(index));
        // SAFETY: the address is the window's, whose users borrow it.
        unsafe { hypercall::update_va_mapping(address, entry, FLUSH) }?;
        Ok(())
    }

    fn range(&self) -> core::ops::Range<u64> {
        self.start..self.start + self.pages.len() as u64
    }
}

impl Drop for Window {
    /// Unmaps what is mapped. What the hypervisor keeps mapped keeps its address, and its page.
    fn drop(&mut self) {
        let mut kept = false;
        for index in 0..self.pages.len() {
            if let Err(Error::Refused(_)) = self.unmap(index) {
                kept = true;
            }
        }
        if kept {
            core::mem::forget(core::mem::take(&mut self.pages));
        } else {
            SPACE.lock().free.give(self.range());
        }
    }
}

const _: () = assert!(BASE.is_multiple_of(PAGE_SIZE as u64));
