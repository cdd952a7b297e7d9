//! The guest's own grant table.
// UNSAFETY: maps the table, which the hypervisor owns.
#![expect(unsafe_code)]

use core::sync::atomic::Ordering;

use ringwall_abi::grant_table::{GrantEntry, GrantEntryFlags};
use ringwall_abi::{DomainId, Mfn, PAGE_SIZE};

use super::Error;
use super::references::References;
use crate::hypercall;
use crate::memory::Window;
use crate::memory::entry::Access;
use crate::sync::Lock;

/// Frames of the table that are used at most: Xen's usual limit, and 16384 references.
const FRAMES: usize = 32;
/// Entries of a frame.
const ENTRIES: u32 = 512;
const ENTRY_SIZE: usize = size_of::<GrantEntry>();
const _: () = assert!(ENTRY_SIZE * ENTRIES as usize == PAGE_SIZE);

struct Table {
    references: References,
    /// Where its frames are mapped, once there is one.
    window: Option<Window>,
    frames: usize,
}

static TABLE: Lock<Table> = Lock::new(Table {
    references: References::new(),
    window: None,
    frames: 0,
});

/// Grants a frame; the reference.
pub(crate) fn grant(frame: Mfn, to: DomainId, access: Access) -> Result<u32, Error> {
    let number = u32::try_from(frame.raw()).map_err(|_| Error::NoReference)?;
    let mut table = TABLE.lock();
    let reference = match table.references.take() {
        Some(reference) => reference,
        None => {
            table.grow()?;
            table.references.take().ok_or(Error::NoReference)?
        }
    };
    let flags = match access {
        Access::ReadOnly => GrantEntryFlags::READONLY,
        Access::ReadWrite => GrantEntryFlags::empty(),
    };
    let flags = flags.bits() | PERMIT_ACCESS;
    table.with(reference, |page, offset| {
        page.u16(offset + 2).store(to.raw(), Ordering::Relaxed);
        page.u32(offset + 4).store(number, Ordering::Relaxed);
        // The entry holds once it has a type: last.
        page.u16(offset).store(flags, Ordering::Release);
    });
    Ok(reference)
}

/// `GTF_permit_access`.
const PERMIT_ACCESS: u16 = 1;
/// Bits of an entry that say that it is in use.
const IN_USE: u16 = GrantEntryFlags::READING.bits() | GrantEntryFlags::WRITING.bits();

/// Takes a grant back; false where it is in use.
pub(crate) fn revoke(reference: u32) -> bool {
    let mut table = TABLE.lock();
    let revoked = table.with(reference, |page, offset| {
        let word = page.u16(offset);
        // The grantee may map it at any time before the entry is cleared.
        word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |flags| {
            (flags & IN_USE == 0).then_some(0)
        })
        .is_ok()
    });
    let revoked = revoked.unwrap_or(false);
    if revoked {
        table.references.give(reference);
    }
    revoked
}

/// Whether the grantee has it mapped.
pub(super) fn is_in_use(reference: u32) -> bool {
    let table = TABLE.lock();
    table
        .with(reference, |page, offset| {
            page.u16(offset).load(Ordering::SeqCst) & IN_USE != 0
        })
        .unwrap_or(false)
}

impl Table {
    /// Adds a frame.
    fn grow(&mut self) -> Result<(), Error> {
        if self.frames == FRAMES {
            return Err(Error::NoReference);
        }
        let mut list = [Mfn::INVALID; FRAMES];
        let wanted = list.get_mut(..=self.frames).ok_or(Error::NoReference)?;
        Error::check(hypercall::grant_setup_table(wanted)?)?;
        let frame = wanted.last().copied().ok_or(Error::NoReference)?;
        if self.window.is_none() {
            self.window = Some(Window::new(FRAMES)?);
        }
        if let Some(window) = &mut self.window {
            // SAFETY: the frame is the table's, which is reached by atomics here alone.
            unsafe { window.map_frame(self.frames, frame, Access::ReadWrite) }?;
        }
        self.frames += 1;
        self.references
            .grow_to(u32::try_from(self.frames).unwrap_or(0) * ENTRIES);
        Ok(())
    }

    /// Does something about an entry: its page, and its place there.
    fn with<T>(
        &self,
        reference: u32,
        action: impl FnOnce(&crate::SharedPage, usize) -> T,
    ) -> Option<T> {
        let (frame, index) = (reference / ENTRIES, reference % ENTRIES);
        let page = self.window.as_ref()?.page(frame as usize)?;
        Some(action(page, index as usize * ENTRY_SIZE))
    }
}
