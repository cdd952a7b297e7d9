//! The pages that data are copied through.

use alloc::vec::Vec;

use ringwall_abi::io::blkif::{BlockRequest, BlockSegment};
use ringwall_abi::{DomainId, PAGE_SIZE};

use super::BlockError;
use crate::device::{Access, GrantedPage, Platform};

/// Bytes of the unit in which segments count.
const UNIT_BYTES: usize = 512;

/// Pages that stay granted. Those not in use are taken last in, first out: the back end then keeps
/// few of them mapped.
#[derive(Debug)]
pub(super) struct Pool<P: Platform> {
    pages: Vec<GrantedPage<P>>,
    free: Vec<usize>,
}

/// Pages of a request, in order.
#[derive(Debug, Default)]
pub(super) struct Lease(Vec<usize>);

impl<P: Platform> Pool<P> {
    /// Grants `count` pages to `domain`.
    pub(super) fn new(platform: &P, domain: DomainId, count: usize) -> Result<Self, BlockError> {
        let pages = (0..count)
            .map(|_| GrantedPage::new(platform, domain, Access::ReadWrite))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            pages,
            free: (0..count).rev().collect(),
        })
    }

    /// Takes pages for `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<Lease, BlockError> {
        let left = self.free.len().checked_sub(length.div_ceil(PAGE_SIZE));
        let left = left.ok_or(BlockError::Busy)?;
        Ok(Lease(self.free.split_off(left)))
    }

    /// Takes pages back.
    pub(super) fn give_back(&mut self, lease: Lease) {
        self.free.extend(lease.0);
    }

    /// Copies `bytes` into a request's pages.
    pub(super) fn fill(&self, lease: &Lease, bytes: &[u8]) {
        for (index, part) in lease.0.iter().zip(bytes.chunks(PAGE_SIZE)) {
            let copied = self
                .pages
                .get(*index)
                .map(|page| page.page().write(0, part));
            debug_assert_eq!(copied, Some(Some(())));
        }
    }

    /// Copies what is in a request's pages, once.
    pub(super) fn drain(&self, lease: &Lease, into: &mut [u8]) {
        for (index, part) in lease.0.iter().zip(into.chunks_mut(PAGE_SIZE)) {
            let copied = self.pages.get(*index).map(|page| page.page().read(0, part));
            debug_assert_eq!(copied, Some(Some(())));
        }
    }

    /// Writes the pages into a request for `length` bytes.
    pub(super) fn describe(&self, lease: &Lease, length: usize, request: &mut BlockRequest) {
        let mut left = length;
        let mut count = 0;
        for (index, segment) in lease.0.iter().zip(&mut request.seg) {
            let units = left.min(PAGE_SIZE) / UNIT_BYTES;
            left = left.saturating_sub(PAGE_SIZE);
            *segment = BlockSegment {
                gref: self.pages.get(*index).map_or(0, GrantedPage::reference),
                first_sect: 0,
                // At most 7.
                last_sect: u8::try_from(units.saturating_sub(1)).unwrap_or(0),
                ..BlockSegment::default()
            };
            count += 1;
        }
        request.nr_segments = count;
    }
}
