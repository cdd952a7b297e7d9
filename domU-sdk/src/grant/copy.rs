//! Copying from and to granted pages.
// UNSAFETY: has the hypervisor write pages that are reached by atomics alone.
#![expect(unsafe_code)]

use ringwall_abi::grant_table::{CopyFlags, GrantCopy, GrantCopyPointer};
use ringwall_abi::{DomainId, PAGE_SIZE};

use super::Error;
use crate::hypercall;
use crate::memory::Page;

/// One end of a copy: a page, and the first byte in it.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// A page of ours.
    Own(&'a Page, u16),
    /// What a domain grants to us.
    Granted(DomainId, u32, u16),
}

impl End<'_> {
    const fn offset(self) -> u16 {
        match self {
            End::Own(_, offset) | End::Granted(_, _, offset) => offset,
        }
    }

    fn pointer(self) -> GrantCopyPointer {
        let (page, domid) = match self {
            End::Own(page, _) => (page.frame().raw(), DomainId::SELF),
            End::Granted(domain, reference, _) => (reference.into(), domain),
        };
        GrantCopyPointer {
            page,
            domid,
            offset: self.offset(),
            _padding: 0,
        }
    }

    const fn flag(self, granted: CopyFlags) -> CopyFlags {
        match self {
            End::Own(..) => CopyFlags::empty(),
            End::Granted(..) => granted,
        }
    }
}

/// Copies `length` bytes.
///
/// # Errors
///
/// [`Error::BadRange`] where an end leaves its page, else the operation's status.
pub fn copy(source: End<'_>, destination: End<'_>, length: u16) -> Result<(), Error> {
    for end in [source, destination] {
        if usize::from(end.offset()) + usize::from(length) > PAGE_SIZE {
            return Err(Error::BadRange);
        }
    }
    let mut list = [GrantCopy {
        source: source.pointer(),
        dest: destination.pointer(),
        len: length,
        flags: source.flag(CopyFlags::SOURCE_GREF) | destination.flag(CopyFlags::DEST_GREF),
        ..GrantCopy::default()
    }];
    // SAFETY: what is written is another's page, or a `Page`, whose words are atomics.
    unsafe { hypercall::grant_copy(&mut list) }?;
    Error::check(list[0].status)
}
