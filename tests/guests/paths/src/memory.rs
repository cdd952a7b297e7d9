//! The guest's memory: frames, pages set aside, page-table entries.
// UNSAFETY: reads tables that the hypervisor maps, and reaches pages that change hands.
#![expect(unsafe_code)]

use core::cell::UnsafeCell;

use ringwall_abi::arch_x86::MACH2PHYS_VIRT_START;
use ringwall_abi::xen::StartInfo;
use ringwall_abi::{MachineAddress, Mfn, PAGE_SHIFT, PAGE_SIZE};

/// Where frame 0 is mapped: the note VIRT_BASE.
const BASE: u64 = 0xffff_ffff_8000_0000;
/// Bits 51..=12 of an entry.
const FRAME_MASK: u64 = 0x000f_ffff_ffff_f000;
/// Present, user, accessed, dirty.
pub(crate) const READ_ONLY: u64 = 0x65;
/// The same, and writable.
pub(crate) const READ_WRITE: u64 = 0x67;
/// Words of a page.
const WORDS: usize = PAGE_SIZE / 8;

/// Pages set aside, by what they are for.
#[repr(C, align(4096))]
pub(crate) struct Pages<const COUNT: usize>(UnsafeCell<[[u64; WORDS]; COUNT]>);

// SAFETY: there is one virtual CPU, and each word is written by itself.
unsafe impl<const COUNT: usize> Sync for Pages<COUNT> {}

impl<const COUNT: usize> Pages<COUNT> {
    /// Zeroed pages.
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new([[0; WORDS]; COUNT]))
    }

    /// The address of a page.
    pub(crate) fn address(&self, index: usize) -> u64 {
        assert!(index < COUNT, "no such page");
        self.0.get() as u64 + (index * PAGE_SIZE) as u64
    }

    /// Writes a word of a page that is mapped writable.
    pub(crate) fn write(&self, page: usize, word: usize, value: u64) {
        assert!(word < WORDS, "no such word");
        let address = (self.address(page) + (word * 8) as u64) as *mut u64;
        // SAFETY: the address lies inside the page; nothing holds a reference to the words.
        unsafe { address.write_volatile(value) }
    }
}

/// A page-table entry, as it is mapped read-only.
#[derive(Clone, Copy)]
pub(crate) struct Slot(u64);

impl Slot {
    /// Its virtual address.
    pub(crate) fn address(self) -> u64 {
        self.0
    }
}

/// What the guest knows of itself from the start.
pub(crate) struct Start<'a>(&'a StartInfo);

impl<'a> Start<'a> {
    /// From the page that the hypervisor has filled.
    pub(crate) fn new(start_info: &'a StartInfo) -> Self {
        Self(start_info)
    }

    /// The root table's frame.
    pub(crate) fn root(&self) -> Mfn {
        self.frame(self.0.pt_base)
    }

    /// Where the page shared with the hypervisor lies.
    pub(crate) fn shared_info(&self) -> Mfn {
        Mfn::new(self.0.shared_info.raw() >> PAGE_SHIFT)
    }

    /// The frame behind an address of the kernel.
    pub(crate) fn frame(&self, address: u64) -> Mfn {
        let page = (address - BASE) >> PAGE_SHIFT;
        // SAFETY: the p2m list has an entry for each frame, and the kernel lies in these.
        Mfn::new(unsafe { ((self.0.mfn_list + page * 8) as *const u64).read_volatile() })
    }

    /// The leaf entry that maps an address of the kernel.
    pub(crate) fn slot(&self, address: u64) -> Slot {
        let mut table = self.0.pt_base;
        for shift in [39, 30, 21] {
            let entry = read(table + (address >> shift & 0x1ff) * 8);
            let pfn = read(MACH2PHYS_VIRT_START + ((entry & FRAME_MASK) >> PAGE_SHIFT) * 8);
            table = BASE + (pfn << PAGE_SHIFT);
        }
        Slot(table + (address >> PAGE_SHIFT & 0x1ff) * 8)
    }

    /// The same, by its machine address.
    pub(crate) fn slot_address(&self, address: u64) -> MachineAddress {
        let slot = self.slot(address).address();
        MachineAddress::new(self.frame(slot).raw() << PAGE_SHIFT | slot & 0xfff)
    }
}

/// Reads a word of the first page tables or of the machine-to-physical table.
fn read(address: u64) -> u64 {
    // SAFETY: both are mapped from the start, and are read word by word.
    unsafe { (address as *const u64).read_volatile() }
}

/// An entry that maps a frame.
pub(crate) fn entry(frame: Mfn, flags: u64) -> u64 {
    frame.raw() << PAGE_SHIFT | flags
}
