//! Descriptors and selectors of the guest's own.

use ringwall_sdk::abi::Hypercall;
use ringwall_sdk::memory::entry::Access;

use super::needs;
use super::page::Page;
use crate::{Answer, Verdict, address, ask};

/// 64-bit code of ring 3, not conforming, readable.
pub const CODE_64: u64 = 0x00af_fb00_0000_ffff;
/// 32-bit code of ring 3, flat.
pub const CODE_32: u64 = 0x00cf_fb00_0000_ffff;
/// Writable data of ring 3, flat.
pub const DATA: u64 = 0x00cf_f300_0000_ffff;
/// The bit of a descriptor that says that it is there.
pub const PRESENT: u64 = 1 << 47;

/// Makes a GDT of these descriptors, the first of them at index 1, and loads it: 512 entries.
pub fn load_gdt(descriptors: &[u64]) -> Result<Page, Verdict> {
    let page = Page::new()?;
    for (index, descriptor) in (1..512).zip(descriptors) {
        page.write(index, *descriptor);
    }
    needs("a read-only mapping", page.protect(Access::ReadOnly))?;
    needs("set_gdt", set_gdt(&[page], 512))?;
    Ok(page)
}

/// `set_gdt`.
pub fn set_gdt(pages: &[Page], entries: u64) -> Answer {
    let mut frames = [0_u64; 16];
    for (place, page) in frames.iter_mut().zip(pages) {
        *place = page.mfn().raw();
    }
    ask(Hypercall::SetGdt, [address(&frames), entries])
}

/// `update_descriptor` of an entry of a page.
pub fn update_descriptor(page: Page, index: u64, descriptor: u64) -> Answer {
    let place = (page.mfn().raw() << 12) + index * 8;
    ask(Hypercall::UpdateDescriptor, [place, descriptor])
}

/// The selector of an entry of the GDT, with RPL 3.
#[must_use]
pub const fn global(index: u64) -> u64 {
    index << 3 | 3
}

/// The selector of an entry of the LDT, with RPL 3.
#[must_use]
pub const fn local(index: u64) -> u64 {
    index << 3 | 7
}
