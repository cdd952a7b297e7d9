//! Pages for frames, and which of them the back end has.

use alloc::vec::Vec;

use ringwall_abi::{DomainId, Errno};

use crate::device::{Access, GrantedPage, Platform};

/// Pages that stay granted. A page's number is what the ring calls its `id`.
#[derive(Debug)]
pub(super) struct Buffers<P: Platform> {
    buffers: Vec<Buffer<P>>,
    free: Vec<u16>,
}

#[derive(Debug)]
struct Buffer<P: Platform> {
    page: GrantedPage<P>,
    holder: Holder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    FrontEnd,
    BackEnd,
}

impl<P: Platform> Buffers<P> {
    pub(super) fn new(
        platform: &P,
        domain: DomainId,
        access: Access,
        count: u16,
    ) -> Result<Self, Errno> {
        let buffers = (0..count)
            .map(|_| {
                Ok(Buffer {
                    page: GrantedPage::new(platform, domain, access)?,
                    holder: Holder::FrontEnd,
                })
            })
            .collect::<Result<Vec<_>, Errno>>()?;
        Ok(Self {
            buffers,
            free: (0..count).rev().collect(),
        })
    }

    /// Whether a page is free.
    pub(super) fn any_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Gives a free page to the back end; returns its number.
    pub(super) fn lend(&mut self) -> Option<(u16, &GrantedPage<P>)> {
        let number = self.free.pop()?;
        let buffer = self.buffers.get_mut(usize::from(number))?;
        buffer.holder = Holder::BackEnd;
        Some((number, &buffer.page))
    }

    /// Takes back the page of this number, which the back end named: `None` where it does not have
    /// it.
    pub(super) fn take_back(&mut self, number: u16) -> Option<&GrantedPage<P>> {
        let buffer = self.buffers.get_mut(usize::from(number))?;
        if buffer.holder != Holder::BackEnd {
            return None;
        }
        buffer.holder = Holder::FrontEnd;
        self.free.push(number);
        Some(&buffer.page)
    }
}
