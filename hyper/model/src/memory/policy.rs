//! Which entries a guest may have.

use ringwall_abi::{Mfn, PAGE_SHIFT};

use super::entry::{Entry, Flags};
use super::error::Error;

/// What to do about the no-execute bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoExecute {
    /// The CPU has it.
    Honoured,
    /// The CPU has not: the bit would be reserved, so it is cleared.
    Cleared,
}

/// Whether the CPU leaks what the frame bits of an entry name that is not present (CVE-2018-3620).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum L1tf {
    /// It does not: such an entry may hold any number.
    Immune,
    /// It does: such an entry may name frame 0, or none below this number (one past all RAM).
    ///
    /// Refused, never sanitised: the bits are the guest's own notes (swap offsets), and to change
    /// them would lose pages silently. Linux since 4.18 stores the frame bits of such entries
    /// inverted (swap entries, and `PROT_NONE` mappings), which puts them at the top of the
    /// physical address space, past all RAM.
    LeaksBelow(Mfn),
}

/// What the CPU and the ring layout ask of entries. One for all CPUs, fixed at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    forced: Flags,
    cleared: Flags,
    address_mask: u64,
    l1tf: L1tf,
}

/// What a guest may set in a present entry of level 1 that maps RAM.
const LEAF: Flags = Flags::PRESENT
    .union(Flags::WRITE)
    .union(Flags::USER)
    .union(Flags::ACCESSED)
    .union(Flags::DIRTY)
    .union(Flags::SOFTWARE)
    .union(Flags::NO_EXECUTE);

/// The same for what is no RAM.
const DEVICE_LEAF: Flags = LEAF.union(Flags::MEMORY_TYPE);

/// The same for levels 2 to 4. The CPU ignores the dirty bit there, and Linux sets it.
const UPPER: Flags = LEAF;

/// The bits of a present entry that may change while it keeps its target and its references.
///
/// Page-type safety rests on this list: a bit belongs here only if no check and no count depends
/// on it.
const UNCHECKED: u64 = Flags::ACCESSED
    .union(Flags::DIRTY)
    .union(Flags::SOFTWARE)
    .bits();

impl Policy {
    /// A policy for 64-bit guests whose kernels run in ring 3: each present entry gets the user
    /// bit. `physical_bits` is the CPU's (CPUID 0x80000008), 36..=52.
    #[must_use]
    pub const fn new(physical_bits: u32, no_execute: NoExecute, l1tf: L1tf) -> Self {
        let bits = if physical_bits > 52 {
            52
        } else {
            physical_bits
        };
        Self {
            forced: Flags::USER,
            cleared: match no_execute {
                NoExecute::Honoured => Flags::empty(),
                NoExecute::Cleared => Flags::NO_EXECUTE,
            },
            address_mask: Entry::FRAME_MASK & ((1 << bits) - 1),
            l1tf,
        }
    }

    /// The same for guests whose kernels run in ring 1: the user bit is the guest's choice, and
    /// separates its kernel from its user space.
    #[must_use]
    pub const fn for_supervisor_guests(self) -> Self {
        Self {
            forced: Flags::empty(),
            ..self
        }
    }

    /// A level-1 entry as it may be installed. Whether its memory type fits its frame is left to
    /// the caller, who knows the frame.
    #[inline]
    pub(super) fn leaf(&self, entry: Entry) -> Result<Entry, Error> {
        self.admit(entry, DEVICE_LEAF)
    }

    /// An entry of levels 2 to 4 as it may be installed.
    #[inline]
    pub(super) fn upper(&self, entry: Entry) -> Result<Entry, Error> {
        self.admit(entry, UPPER)
    }

    #[inline]
    fn admit(&self, entry: Entry, allowed: Flags) -> Result<Entry, Error> {
        if !entry.is_present() {
            return self.absent(entry);
        }
        let entry = entry.without(self.cleared);
        if entry.raw() & !(allowed.bits() | self.address_mask) != 0 {
            return Err(Error::BadFlags);
        }
        Ok(entry.with(self.forced))
    }

    #[inline]
    fn absent(&self, entry: Entry) -> Result<Entry, Error> {
        match self.l1tf {
            L1tf::Immune => Ok(entry),
            L1tf::LeaksBelow(limit) => {
                // The CPU drops the address bits that it has not.
                let named = (entry.raw() & self.address_mask) >> PAGE_SHIFT;
                if named == 0 || named >= limit.raw() {
                    Ok(entry)
                } else {
                    Err(Error::L1tf)
                }
            }
        }
    }
}

/// What a change of a present entry to another asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing: target and references stay.
    Unchecked,
    /// Only the right to write is given up.
    WriteDropped,
    /// Everything is to be checked.
    Checked,
}

impl Change {
    /// Sorts a change of a level-1 entry. `new` has passed the policy.
    #[inline]
    pub(super) fn of_leaf(old: Entry, new: Entry) -> Self {
        let changed = old.raw() ^ new.raw();
        if !old.is_present() || changed & !(UNCHECKED | Flags::WRITE.bits()) != 0 {
            Self::Checked
        } else if changed & Flags::WRITE.bits() == 0 {
            Self::Unchecked
        } else if old.is_writable() {
            Self::WriteDropped
        } else {
            Self::Checked
        }
    }

    /// Sorts a change of an entry of levels 2 to 4, where no count depends on the right to write.
    /// Yet it is no member of the short list: who changes it takes the long way.
    #[inline]
    pub(super) fn of_upper(old: Entry, new: Entry) -> Self {
        if old.is_present() && (old.raw() ^ new.raw()) & !UNCHECKED == 0 {
            Self::Unchecked
        } else {
            Self::Checked
        }
    }
}
