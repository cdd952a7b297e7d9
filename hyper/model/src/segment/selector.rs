//! Segment selectors.

/// The first GDT entry that is the hypervisor's (`FIRST_RESERVED_GDT_ENTRY` in
/// public/arch-x86/xen.h). A guest's GDT has at most this many entries.
pub const FIRST_RESERVED_ENTRY: u16 = 14 * 512;

/// The flat 32-bit code segment of ring 3 (`FLAT_RING3_CS32` in public/arch-x86/xen-x86_64.h).
pub const FLAT_CODE_32: Selector = Selector::new(0xe023);
/// The flat 64-bit code segment of ring 3 (`FLAT_RING3_CS64`).
pub const FLAT_CODE_64: Selector = Selector::new(0xe033);
/// The flat data and stack segment of ring 3 (`FLAT_RING3_DS32`, `FLAT_RING3_SS64`).
pub const FLAT_DATA: Selector = Selector::new(0xe02b);

/// The table that a selector points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The GDT.
    Global,
    /// The LDT.
    Local,
}

/// A segment selector; a guest's is only a number in a coat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(transparent)]
pub struct Selector(u16);

impl Selector {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// The entry in its table, 0..=8191.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0 >> 3
    }

    /// The table.
    #[must_use]
    pub const fn table(self) -> Table {
        if self.0 & 4 == 0 {
            Table::Global
        } else {
            Table::Local
        }
    }

    /// The requested privilege level, 0..=3.
    #[must_use]
    pub const fn rpl(self) -> u8 {
        (self.0 & 3) as u8
    }

    /// Whether this is one of the four null selectors.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 < 4
    }

    /// The selector with RPL 3: guest kernels name their own segments with a lower one.
    #[must_use]
    pub const fn in_ring_3(self) -> Self {
        Self(self.0 | 3)
    }

    /// Whether the selector names an entry of the guest's, or one of the three flat segments that
    /// the ABI lends it. RPL doesn't matter, null selectors don't count.
    #[must_use]
    pub const fn is_guests(self) -> bool {
        let flat = self.in_ring_3().0;
        !self.is_null()
            && (matches!(self.table(), Table::Local)
                || self.index() < FIRST_RESERVED_ENTRY
                || flat == FLAT_CODE_32.0
                || flat == FLAT_CODE_64.0
                || flat == FLAT_DATA.0)
    }

    /// The selector as a guest's data segment register may hold it: RPL 3, and null for what is not
    /// the guest's. Loading it may still fault, where the descriptor is not there or unfit.
    #[must_use]
    pub const fn for_data(self) -> Self {
        if self.is_guests() {
            self.in_ring_3()
        } else {
            Self(0)
        }
    }

    /// The selector as a guest's CS or SS may hold it, with RPL 3, or `None` for null and what is
    /// not the guest's.
    #[must_use]
    pub const fn for_code_or_stack(self) -> Option<Self> {
        if self.is_guests() {
            Some(self.in_ring_3())
        } else {
            None
        }
    }
}

/// How many entries the tables of a vCPU have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TableSizes {
    /// Entries of the guest's GDT, 0..=[`FIRST_RESERVED_ENTRY`].
    pub gdt_entries: u16,
    /// Entries of the LDT, 0..=8192.
    pub ldt_entries: u16,
}

impl TableSizes {
    /// Whether the guest's own tables reach to the selector's entry: what the processor checks
    /// against the tables' limits. The lent flat segments are not in the guest's tables.
    #[must_use]
    pub const fn hold(&self, selector: Selector) -> bool {
        let entries = match selector.table() {
            // A size above the ABI's limit must not reach the hypervisor's entries.
            Table::Global if selector.index() >= FIRST_RESERVED_ENTRY => 0,
            Table::Global => self.gdt_entries,
            Table::Local => self.ldt_entries,
        };
        !selector.is_null() && selector.index() < entries
    }
}

#[cfg(test)]
mod tests {
    use super::{
        FIRST_RESERVED_ENTRY, FLAT_CODE_32, FLAT_CODE_64, FLAT_DATA, Selector, Table, TableSizes,
    };

    #[test]
    fn a_guest_loads_its_own_entries_and_the_flat_ones() {
        for raw in 0..=u16::MAX {
            let selector = Selector::new(raw);
            let flat = [0xe020, 0xe028, 0xe030].contains(&(raw & !3));
            let own = raw & 4 != 0 || (4..0xe000).contains(&raw);
            assert_eq!(selector.is_guests(), own || flat, "{raw:#x}");
            let expected = (own || flat).then_some(raw | 3);
            assert_eq!(selector.for_code_or_stack().map(Selector::raw), expected);
            assert_eq!(selector.for_data().raw(), expected.unwrap_or(0));
        }
    }

    #[test]
    fn the_flat_selectors_are_as_the_header_has_them() {
        for (selector, entry) in [(FLAT_CODE_32, 260), (FLAT_DATA, 261), (FLAT_CODE_64, 262)] {
            assert_eq!(selector.index(), 0xe000 / 8 + entry - 256, "{selector:?}");
            assert_eq!((selector.table(), selector.rpl()), (Table::Global, 3));
        }
        assert_eq!(FIRST_RESERVED_ENTRY, 0xe000 / 8);
    }

    #[test]
    fn table_limits_are_checked_as_the_processor_does() {
        let sizes = TableSizes {
            gdt_entries: 16,
            ldt_entries: 2,
        };
        let cases = [
            (0x0003, false),
            (0x000b, true),
            (0x007b, true),
            (0x0083, false),
            (0x0007, true),
            (0x000f, true),
            (0x0017, false),
            (0xe033, false),
        ];
        for (raw, held) in cases {
            assert_eq!(sizes.hold(Selector::new(raw)), held, "{raw:#x}");
        }
        let oversized = TableSizes {
            gdt_entries: u16::MAX,
            ldt_entries: 0,
        };
        assert!(!oversized.hold(FLAT_CODE_64));
        assert!(!oversized.hold(Selector::new(0xe008)));
    }
}
