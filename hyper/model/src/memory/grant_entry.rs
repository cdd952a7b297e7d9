//! Entries for frames that another domain has granted.

use ringwall_abi::Mfn;

use super::entry::{Entry, EntryIndex, Flags, Level};
use super::error::Error;
use super::leaf::{ATTEMPTS, Flush, Reach};
use super::machine::{Access, Machine, Memory};
use super::reference::{PageReference, TypeReference, Writable};
use super::tlb::Stale;

/// What the grant table holds of a granted frame, and an entry is made of.
#[derive(Debug)]
#[must_use = "a reference that is dropped is never given back"]
pub enum Granted {
    /// For reading.
    ReadOnly(PageReference),
    /// For writing.
    Writable(TypeReference<Writable>),
}

impl Granted {
    /// The frame.
    #[must_use]
    pub const fn mfn(&self) -> Mfn {
        match self {
            Self::ReadOnly(page) => page.mfn(),
            Self::Writable(page) => page.mfn(),
        }
    }

    /// What it allows.
    #[must_use]
    pub const fn access(&self) -> Access {
        match self {
            Self::ReadOnly(_) => Access::Read,
            Self::Writable(_) => Access::Write,
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Puts a granted frame into an entry of a level-1 table: the entry owns the reference from
    /// then on. What was there before gives its own back. `flags` are the guest's wishes (accessed,
    /// dirty, no-execute and software bits); presence and the right to write come from the grant.
    ///
    /// # Errors
    /// Those of [`update_l1_entry`](Self::update_l1_entry); the reference comes back.
    #[doc(alias = "GNTTABOP_map_grant_ref")]
    pub fn install_grant_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        granted: Granted,
        flags: Flags,
        reach: Reach<'_>,
    ) -> Result<Flush, (Error, Granted)> {
        let new = match self.grant_entry(&granted, flags) {
            Ok(new) => new,
            Err(error) => return Err((error, granted)),
        };
        let mfn = match self.leaf_table(table) {
            Ok(mfn) => mfn,
            Err(error) => return Err((error, granted)),
        };
        for _ in 0..ATTEMPTS {
            let old = self.0.read_entry(mfn, index);
            if self.0.compare_exchange_entry(mfn, index, old, new).is_ok() {
                match granted {
                    Granted::ReadOnly(page) => page.consume(),
                    Granted::Writable(page) => page.consume(),
                };
                self.release_leaf(old, self.staleness(old, reach));
                return Ok(Flush::after(old, Level::L1));
            }
        }
        Err((Error::Preempted, granted))
    }

    /// Takes a granted frame out of an entry, if the entry still maps that frame with that right,
    /// and puts `replacement` there, which is not present. The reference comes back, with what is
    /// left in the TLBs: give both to [`put_granted`](Self::put_granted).
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the entry is anything else: the guest has written it since, and
    /// the reference went with that. [`Error::BadLevel`], [`Error::BadFlags`],
    /// [`Error::Preempted`].
    #[doc(alias = "GNTTABOP_unmap_grant_ref")]
    pub fn remove_grant_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        expected: (Mfn, Access),
        replacement: Entry,
        reach: Reach<'_>,
    ) -> Result<(Granted, Stale), Error> {
        let mfn = self.leaf_table(table)?;
        let replacement = self.0.policy().leaf(replacement)?;
        if replacement.is_present() {
            return Err(Error::BadFlags);
        }
        let (target, access) = expected;
        for _ in 0..ATTEMPTS {
            let old = self.0.read_entry(mfn, index);
            // Frame, presence and right: the reference that comes back is what the entry had.
            let same = old.is_present()
                && old.frame() == target
                && old.is_writable() == (access == Access::Write)
                && self.0.frame(target).is_some();
            if !same {
                return Err(Error::Mismatch);
            }
            if self
                .0
                .compare_exchange_entry(mfn, index, old, replacement)
                .is_ok()
            {
                let granted = match access {
                    Access::Read => Granted::ReadOnly(PageReference::forge(target)),
                    Access::Write => Granted::Writable(TypeReference::forge(target, Writable)),
                };
                return Ok((granted, self.staleness(old, reach)));
            }
        }
        Err(Error::Preempted)
    }

    /// Gives the reference of a grant back.
    pub fn put_granted(self, granted: Granted, stale: Stale) {
        match granted {
            Granted::ReadOnly(page) => self.put_page(page),
            Granted::Writable(page) => self.put_writable(page, stale),
        }
    }

    fn grant_entry(self, granted: &Granted, flags: Flags) -> Result<Entry, Error> {
        let right = match granted.access() {
            Access::Read => Flags::PRESENT,
            Access::Write => Flags::PRESENT.union(Flags::WRITE),
        };
        if flags.intersects(Flags::MEMORY_TYPE) {
            return Err(Error::BadFlags);
        }
        let wishes = flags.difference(Flags::PRESENT.union(Flags::WRITE));
        self.0
            .policy()
            .leaf(Entry::map(granted.mfn(), right.union(wishes)))
    }
}
