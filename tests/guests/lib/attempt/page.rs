//! Pages of a test's own, for page tables, descriptors and code.
// UNSAFETY: pages of the heap that are never given back, reached by volatile accesses alone.
#![expect(unsafe_code)]

use alloc::alloc::{Layout, alloc_zeroed};

use ringwall_sdk::abi::xen::{MmuUpdate, MmuUpdateCommand, VaMappingFlags};
use ringwall_sdk::abi::{DomainId, Hypercall, Mfn};
use ringwall_sdk::memory;
use ringwall_sdk::memory::entry::{Access, leaf};

use crate::{Answer, Check, Verdict, address, address_mut, ask, attempt};

const SIZE: usize = 4096;

/// A page that nobody else uses, mapped for good; what the hypervisor makes of it is the test's affair.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    address: u64,
    mfn: Mfn,
}

impl Page {
    /// A page of zeroes, writable.
    pub fn new() -> Result<Self, Verdict> {
        let layout = Layout::from_size_align(SIZE, SIZE).map_err(Verdict::error)?;
        // SAFETY: the layout has a size.
        let address = unsafe { alloc_zeroed(layout) }.expose_provenance() as u64;
        let mfn = memory::mfn_of_address(address);
        let mfn = mfn.ok_or_else(|| Verdict::error("a page of the heap has no frame"))?;
        Ok(Self { address, mfn })
    }

    /// Where it is mapped.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.address
    }

    /// Its frame.
    #[must_use]
    pub const fn mfn(self) -> Mfn {
        self.mfn
    }

    /// Reads one of its 512 words.
    #[must_use]
    pub fn read(self, index: usize) -> u64 {
        let place = self.address + (index % 512) as u64 * 8;
        // SAFETY: the page is mapped readable for good.
        unsafe { (place as *const u64).read_volatile() }
    }

    /// Writes one of its 512 words, while it is writable.
    pub fn write(self, index: usize, word: u64) {
        let place = self.address + (index % 512) as u64 * 8;
        // SAFETY: the page is nobody else's. One that is not writable is a fault, and the guest's end.
        unsafe { (place as *mut u64).write_volatile(word) };
    }

    /// Writes bytes from its start on, as many as it has room for.
    pub fn write_bytes(self, bytes: &[u8]) {
        for (place, byte) in (self.address..).zip(bytes.iter().take(SIZE)) {
            // SAFETY: as in `write`.
            unsafe { (place as *mut u8).write_volatile(*byte) };
        }
    }

    /// Maps it for reading alone, or for writing again.
    pub fn protect(self, access: Access) -> Answer {
        let entry = leaf(self.mfn, access);
        let flags = VaMappingFlags::INVLPG.bits();
        ask(Hypercall::UpdateVaMapping, [self.address, entry, flags])
    }
}

/// `mmu_update` of one entry of a table.
pub fn write_entry(table: Mfn, index: u64, entry: u64) -> Answer {
    let update = MmuUpdate {
        ptr: (table.raw() << 12) + index * 8 + MmuUpdateCommand::NormalPtUpdate as u64,
        val: entry,
    };
    let mut done = 0_u32;
    let arguments = [
        address(&update),
        1,
        address_mut(&mut done),
        DomainId::SELF.raw().into(),
    ];
    ask(Hypercall::MmuUpdate, arguments)
}

/// Maps pages at consecutive addresses from this one on, which must lie in the lowest GiB, where
/// nothing is mapped before.
pub fn map_low(start: u64, pages: &[Page]) -> Check {
    let tables = [Page::new()?, Page::new()?, Page::new()?];
    let [level3, level2, level1] = tables;
    let branch = |table: Page| table.mfn.raw() << 12 | 7;
    level3.write(0, branch(level2));
    level2.write(usize::try_from(start >> 21).unwrap_or(0), branch(level1));
    for (index, page) in (start >> 12..).zip(pages) {
        let index = usize::try_from(index & 511).unwrap_or(0);
        level1.write(index, leaf(page.mfn, Access::ReadWrite));
    }
    for table in tables {
        attempt::needs("a read-only mapping", table.protect(Access::ReadOnly))?;
    }
    attempt::needs(
        "an entry of the root",
        write_entry(attempt::root()?, 0, branch(level3)),
    )
}
