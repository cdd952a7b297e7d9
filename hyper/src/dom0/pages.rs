//! dom0's frames: which machine frame is behind which of its own.

extern crate alloc;

use alloc::vec::Vec;
use core::ops::Range;

use ringwall_abi::{Mfn, PAGE_SIZE, Pfn};
use ringwall_hw::memory::{clear_frame, frame_bytes_in, frames, write_frame_word};
use ringwall_model::memory::{CleanBlock, MAX_ORDER};

use super::error::BuildError;
use crate::domain::Domain;
use crate::machine::{MACHINE, memory};
use crate::pool;

/// The frame behind each of the domain's own; 0 for none yet.
pub(super) struct Pages {
    domain: &'static Domain,
    list: Vec<u32>,
}

impl Pages {
    pub(super) fn new(domain: &'static Domain, pages: u64) -> Result<Self, BuildError> {
        let pages = usize::try_from(pages).map_err(|_| BuildError::OutOfMemory("its p2m list"))?;
        let mut list = Vec::new();
        list.try_reserve_exact(pages)
            .map_err(|_| BuildError::OutOfMemory("its p2m list"))?;
        list.resize(pages, 0);
        Ok(Self { domain, list })
    }

    pub(super) fn mfn(&self, pfn: u64) -> Option<Mfn> {
        match self.list.get(usize::try_from(pfn).ok()?)? {
            0 => None,
            &mfn => Some(Mfn::new(mfn.into())),
        }
    }

    fn set(&mut self, pfn: u64, mfn: Mfn) {
        if let (Some(slot), Ok(mfn32)) = (
            usize::try_from(pfn)
                .ok()
                .and_then(|pfn| self.list.get_mut(pfn)),
            u32::try_from(mfn.raw()),
        ) {
            *slot = mfn32;
            frames::set_m2p(mfn, pfn);
        }
    }

    /// Puts fresh memory behind frames, in blocks as large as there are.
    pub(super) fn allocate(&mut self, range: Range<u64>) -> Result<(), BuildError> {
        let mut pfn = range.start;
        let mut order = MAX_ORDER;
        while pfn < range.end {
            let left = range.end - pfn;
            while 1 << order > left {
                order -= 1;
            }
            match pool::allocate(order, 64) {
                Ok(block) => {
                    let first = self.assign(memory().adopt(block))?;
                    for offset in 0..1 << order {
                        self.set(pfn + offset, Mfn::new(first.raw() + offset));
                    }
                    pfn += 1 << order;
                }
                Err(_) if order > 0 => order -= 1,
                Err(_) => return Err(BuildError::OutOfMemory("all that dom0_mem= asks for")),
            }
        }
        Ok(())
    }

    /// Puts a module's frames behind frames of the domain, as they are.
    pub(super) fn adopt(&mut self, first: Pfn, module: Range<u64>) -> Result<(), BuildError> {
        let refused = |_| BuildError::OutOfMemory("its initrd");
        for (pfn, mfn) in (first.raw()..).zip(module) {
            let block = memory().take_back(Mfn::new(mfn), 0).map_err(refused)?;
            let mfn = self.assign(memory().adopt(block))?;
            self.set(pfn, mfn);
        }
        Ok(())
    }

    fn assign(&self, block: CleanBlock) -> Result<Mfn, BuildError> {
        self.domain
            .memory()
            .lock()
            .assign(&MACHINE, block, None)
            .map_err(|(error, _)| BuildError::Tables(error))
    }

    /// Writes bytes at a pseudo-physical address.
    pub(super) fn write(&self, address: u64, mut bytes: &[u8]) {
        let mut address = address;
        while !bytes.is_empty() {
            let offset = offset_in_page(address);
            let length = bytes.len().min(PAGE_SIZE - offset);
            let (now, rest) = bytes.split_at(length);
            if let Some(mfn) = self.mfn(address / PAGE_SIZE as u64) {
                let _ = frame_bytes_in(mfn, offset, now);
            }
            address += length as u64;
            bytes = rest;
        }
    }

    /// Fills pseudo-physical addresses with zeros.
    pub(super) fn clear(&self, range: Range<u64>) {
        const ZEROS: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
        let mut address = range.start;
        while address < range.end {
            let offset = offset_in_page(address);
            let length =
                (PAGE_SIZE - offset).min(usize::try_from(range.end - address).unwrap_or(PAGE_SIZE));
            match self.mfn(address / PAGE_SIZE as u64) {
                Some(mfn) if length == PAGE_SIZE => clear_frame(mfn),
                _ => self.write(address, ZEROS.get(..length).unwrap_or(&[])),
            }
            address += length as u64;
        }
    }

    /// Writes the list itself into frames of the domain from `first` on.
    pub(super) fn write_list(&self, first: Pfn) {
        for (index, &mfn) in self.list.iter().enumerate() {
            let entry = if mfn == 0 { u64::MAX } else { mfn.into() };
            if let Some(holder) = self.mfn(first.raw() + (index / 512) as u64) {
                write_frame_word(holder, index % 512, entry);
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a remainder below `PAGE_SIZE`, which is a usize"
)]
fn offset_in_page(address: u64) -> usize {
    (address % PAGE_SIZE as u64) as usize
}
