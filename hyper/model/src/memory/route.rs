//! The way from a root to an entry of level 1.

use ringwall_abi::{DomainId, GuestAddress, Mfn};

use super::entry::{Entry, EntryIndex, Level};
use super::error::Error;
use super::frame::Slot;
use super::kind::Kind;
use super::leaf::{Flush, Keep, Reach};
use super::machine::{Machine, Memory};

/// The tables on the way from a root to an entry of level 1, as they were a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The root.
    pub root: Mfn,
    /// The level-3 table.
    pub level3: Mfn,
    /// The level-2 table.
    pub level2: Mfn,
    /// The level-1 table.
    pub level1: Mfn,
}

impl Route {
    /// Whether every way to the entry, past and present, that a TLB may have taken has the same
    /// address: the tables of levels 1 and 2 hang in one place each, and that of level 3 in one
    /// slot, of however many roots (the shared kernel half, a kernel's and a user's root).
    ///
    /// The caller has changed the entry, and holds one reference of its own to the level-1 table.
    /// The way is looked at first and the counts after it: where a table was hung elsewhere between
    /// the two, its stamp is younger than the change.
    pub(super) fn is_only<M: Machine>(&self, memory: Memory<'_, M>, address: GuestAddress) -> bool {
        let hangs_once = |mfn, kind, own: u64| {
            memory.0.frame(mfn).is_some_and(|frame| {
                let word = frame.word();
                word.kind() == kind
                    && word.count() == 1 + own + u64::from(word.is_pinned())
                    && memory.has_no_translations(frame)
            })
        };
        let slot = Slot::Only(EntryIndex::of(address, Level::L4).raw());
        self.still_leads(memory, address)
            && hangs_once(self.level1, Kind::L1, 1)
            && hangs_once(self.level2, Kind::L2, 0)
            && memory
                .0
                .frame(self.level3)
                .is_some_and(|frame| frame.word().kind() == Kind::L3 && frame.slot() == slot)
    }
}

impl Route {
    /// Whether the address goes this way now. The tables may have changed, but they are RAM.
    #[inline]
    fn still_leads<M: Machine>(&self, memory: Memory<'_, M>, address: GuestAddress) -> bool {
        let leads = |table, level, to| {
            let entry: Entry = memory.0.read_entry(table, EntryIndex::of(address, level));
            entry.is_present() && entry.frame() == to
        };
        leads(self.root, Level::L4, self.level3)
            && leads(self.level3, Level::L3, self.level2)
            && leads(self.level2, Level::L2, self.level1)
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Follows an address from a root down to its entry of level 1. The caller holds the root.
    ///
    /// # Errors
    /// [`Error::BadPlace`]: the address is not canonical or the hypervisor's.
    /// [`Error::NotMapped`]: no table is there.
    #[inline]
    pub fn walk(self, root: Mfn, address: GuestAddress) -> Result<Route, Error> {
        let slot = EntryIndex::of(address, Level::L4);
        if !address.is_canonical() || slot.is_hypervisor_slot() {
            return Err(Error::BadPlace);
        }
        let next = |table, level| -> Result<Mfn, Error> {
            let entry: Entry = self.0.read_entry(table, EntryIndex::of(address, level));
            if !entry.is_present() {
                return Err(Error::NotMapped);
            }
            Ok(entry.frame())
        };
        let level3 = next(root, Level::L4)?;
        let level2 = next(level3, Level::L3)?;
        let level1 = next(level2, Level::L2)?;
        Ok(Route {
            root,
            level3,
            level2,
            level1,
        })
    }

    /// Writes the entry of level 1 that maps an address under the root that is loaded. `domain`
    /// owns the tables, `source` the frame that the new entry maps.
    ///
    /// # Errors
    /// Those of [`walk`](Self::walk), [`hold_table`](Self::hold_table) and
    /// [`update_l1_entry`](Self::update_l1_entry).
    #[doc(alias = "update_va_mapping")]
    #[inline]
    pub fn update_address(
        self,
        root: Mfn,
        address: GuestAddress,
        new: Entry,
        domain: DomainId,
        source: DomainId,
    ) -> Result<Flush, Error> {
        let route = self.walk(root, address)?;
        // Tables may have changed since they were read: from here on this one can't.
        let table = self.hold_table(route.level1, Level::L1, domain)?;
        let reach = Reach::By(address, &route);
        let index = EntryIndex::of(address, Level::L1);
        let outcome = self.update_l1_entry(&table, index, new, Keep::Nothing, source, reach);
        self.let_go(table);
        outcome
    }
}
