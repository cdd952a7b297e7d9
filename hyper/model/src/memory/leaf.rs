//! Entries of level 1: the hottest path.

use ringwall_abi::{DomainId, GuestAddress, Mfn};

use super::entry::{Entry, EntryIndex, Flags, Level};
use super::error::Error;
use super::machine::{Access, Invalidation, Machine, Memory};
use super::policy::Change;
use super::reference::TypeReference;
use super::route::Route;
use super::tlb::Stale;

/// How often an entry that somebody else is changing is looked at again before the operation gives
/// up with [`Error::Preempted`].
pub(super) const ATTEMPTS: u32 = 16;

/// What a new entry takes over from the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keep {
    /// Nothing.
    #[doc(alias = "MMU_NORMAL_PT_UPDATE")]
    Nothing,
    /// The accessed and dirty bits, if both are present.
    #[doc(alias = "MMU_PT_UPDATE_PRESERVE_AD")]
    AccessedDirty,
}

/// Where the entry is reached from.
#[derive(Clone, Copy, Debug)]
pub enum Reach<'r> {
    /// From addresses that are not known.
    Anywhere,
    /// From this address by way of these tables of the root that is loaded; perhaps from others.
    By(GuestAddress, &'r Route),
}

/// What the guest would have to flush to see the change. The rules of types need none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flush {
    /// Nothing: no translation of the old entry can be cached.
    Nothing,
    /// The address.
    Page,
    /// Everything.
    All,
}

impl Flush {
    /// A function of the old entry alone.
    pub(super) const fn after(old: Entry, level: Level) -> Self {
        match level {
            _ if !old.is_present() => Self::Nothing,
            Level::L1 => Self::Page,
            Level::L2 | Level::L3 | Level::L4 => Self::All,
        }
    }
}

impl Keep {
    #[inline]
    pub(super) const fn apply(self, old: Entry, new: Entry) -> Entry {
        const BITS: Flags = Flags::ACCESSED.union(Flags::DIRTY);
        match self {
            Self::AccessedDirty if old.is_present() && new.is_present() => {
                new.without(BITS).with(old.flags().intersection(BITS))
            }
            Self::AccessedDirty | Self::Nothing => new,
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Writes an entry of a level-1 table. `source` owns the frame that the new entry maps: the
    /// table's owner itself, or a domain over which the caller has checked its power.
    ///
    /// # Errors
    /// [`Error::BadLevel`]: the table is of another level. [`Error::BadFlags`], [`Error::L1tf`],
    /// [`Error::NotOwned`], [`Error::DeviceRefused`], [`Error::TypeConflict`], [`Error::Overflow`]:
    /// about the new entry. [`Error::Preempted`]: run it again.
    #[inline]
    pub fn update_l1_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        new: Entry,
        keep: Keep,
        source: DomainId,
        reach: Reach<'_>,
    ) -> Result<Flush, Error> {
        let mfn = self.leaf_table(table)?;
        let new = self.0.policy().leaf(new)?;
        for _ in 0..ATTEMPTS {
            let old = self.0.read_entry(mfn, index);
            let next = keep.apply(old, new);
            match Change::of_leaf(old, next) {
                Change::Unchecked | Change::WriteDropped => {
                    if self.0.compare_exchange_entry(mfn, index, old, next).is_ok() {
                        self.drop_write(old, next, reach);
                        return Ok(Flush::after(old, Level::L1));
                    }
                }
                Change::Checked => {
                    self.acquire_leaf(next, mfn, source)?;
                    if self.0.compare_exchange_entry(mfn, index, old, next).is_ok() {
                        // A stamp, though the address may be known: what is unmapped rarely becomes a table at once,
                        // and to find out whether the address is the only way costs more than this path.
                        self.release_leaf(old, Stale::Now);
                        return Ok(Flush::after(old, Level::L1));
                    }
                    self.release_leaf(next, Stale::Flushed);
                }
            }
        }
        Err(Error::Preempted)
    }

    /// Writes an entry of a level-1 table if it is still `expected`: for an emulated `cmpxchg`. The
    /// entry that was there; it was replaced if that is `expected`.
    ///
    /// # Errors
    /// Those of [`update_l1_entry`](Self::update_l1_entry) but for [`Error::Preempted`], also where
    /// the entry is not as expected.
    pub fn compare_exchange_l1_entry(
        self,
        table: &TypeReference<Level>,
        index: EntryIndex,
        expected: Entry,
        new: Entry,
        source: DomainId,
    ) -> Result<Entry, Error> {
        let mfn = self.leaf_table(table)?;
        let new = self.0.policy().leaf(new)?;
        match Change::of_leaf(expected, new) {
            Change::Unchecked | Change::WriteDropped => {
                match self.0.compare_exchange_entry(mfn, index, expected, new) {
                    Ok(()) => self.drop_write(expected, new, Reach::Anywhere),
                    Err(now) => return Ok(now),
                }
            }
            Change::Checked => {
                self.acquire_leaf(new, mfn, source)?;
                match self.0.compare_exchange_entry(mfn, index, expected, new) {
                    Ok(()) => self.release_leaf(expected, Stale::Now),
                    Err(now) => {
                        self.release_leaf(new, Stale::Flushed);
                        return Ok(now);
                    }
                }
            }
        }
        Ok(expected)
    }

    #[inline]
    pub(super) fn leaf_table(self, table: &TypeReference<Level>) -> Result<Mfn, Error> {
        match table.level() {
            Level::L1 => Ok(table.mfn()),
            Level::L2 | Level::L3 | Level::L4 => Err(Error::BadLevel),
        }
    }

    /// The owner of a table that is held.
    #[inline]
    pub(super) fn owner_of(self, mfn: Mfn) -> DomainId {
        self.0
            .frame(mfn)
            .map_or(DomainId::INVALID, super::Frame::owner)
    }

    /// After an entry became `next` that names the same frame: drops the right to write if that was
    /// given up.
    #[inline]
    fn drop_write(self, old: Entry, next: Entry, reach: Reach<'_>) {
        if old.is_writable() && !next.is_writable() {
            let stale = self.staleness(old, reach);
            if let Some(frame) = self.0.frame(old.frame()) {
                self.release_writable(frame, stale);
            }
        }
    }

    /// What an entry that is gone has left in the TLBs. Where all ways to it have one address, and
    /// that address can be dropped, nothing.
    ///
    /// Asked after the entry was changed: whoever makes a new way to it finds the new one.
    #[inline]
    pub(super) fn staleness(self, old: Entry, reach: Reach<'_>) -> Stale {
        match reach {
            Reach::By(address, route)
                if old.is_writable()
                    && route.is_only(self, address)
                    && self.0.invalidate_page(address) == Invalidation::Done =>
            {
                Stale::Flushed
            }
            Reach::By(..) | Reach::Anywhere => Stale::Now,
        }
    }

    /// Takes what an entry of a level-1 table needs of its target. The entry has passed the policy.
    #[inline]
    pub(super) fn acquire_leaf(
        self,
        entry: Entry,
        table: Mfn,
        source: DomainId,
    ) -> Result<(), Error> {
        if !entry.is_present() {
            return Ok(());
        }
        let mfn = entry.frame();
        let Some(frame) = self.0.frame(mfn) else {
            return self.check_device(entry, table);
        };
        if entry.flags().intersects(Flags::MEMORY_TYPE) {
            // RAM is write-back in every mapping: mixed types would leave stale cache lines.
            return Err(Error::BadFlags);
        }
        if entry.is_writable() {
            self.acquire_writable(mfn, frame, source)
        } else {
            frame.get(source)
        }
    }

    /// Whether the owner of a table may map what is no RAM. It is not counted: it never changes
    /// hands, and is never a table.
    #[cold]
    fn check_device(self, entry: Entry, table: Mfn) -> Result<(), Error> {
        let access = if entry.is_writable() {
            Access::Write
        } else {
            Access::Read
        };
        if self
            .0
            .device_access(self.owner_of(table), entry.frame(), access)
        {
            Ok(())
        } else {
            Err(Error::DeviceRefused)
        }
    }

    /// Drops what a level-1 entry had of its target, after the entry is gone.
    #[inline]
    pub(super) fn release_leaf(self, entry: Entry, stale: Stale) {
        if !entry.is_present() {
            return;
        }
        let mfn = entry.frame();
        if let Some(frame) = self.0.frame(mfn) {
            if entry.is_writable() {
                self.release_writable(frame, stale);
            }
            self.put(mfn, frame);
        }
    }
}
