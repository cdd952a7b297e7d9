//! Pages of the guest's memory, to be granted, shared, and mapped over.
// UNSAFETY: takes memory from Rust and remaps it.
#![expect(unsafe_code)]

use alloc::alloc::{Layout, alloc_zeroed};

use ringwall_sdk::SharedPage;
use ringwall_sdk::abi::xen::VaMappingFlags;
use ringwall_sdk::abi::{GuestAddress, Mfn, PAGE_SIZE};
use ringwall_sdk::hypercall::{self, update_va_mapping};
use ringwall_sdk::memory::entry::{Access, leaf};
use ringwall_sdk::memory::mfn_of_address;

use crate::Verdict;

/// A fresh page, zeroed, mapped writable and never given back: its words, and the frame behind it.
///
/// # Errors
///
/// An error of the test where there is no memory.
pub fn page() -> Result<(&'static SharedPage, Mfn), Verdict> {
    let none = || Verdict::error("no memory for a page");
    let layout = Layout::from_size_align(PAGE_SIZE, PAGE_SIZE).map_err(|_| none())?;
    // SAFETY: the layout has a size.
    let address = unsafe { alloc_zeroed(layout) }.expose_provenance() as u64;
    if address == 0 {
        return Err(none());
    }
    let frame = mfn_of_address(address).ok_or_else(none)?;
    // SAFETY: nothing else has the memory, now or later.
    let page = unsafe { SharedPage::new(address) };
    Ok((alloc::boxed::Box::leak(alloc::boxed::Box::new(page)), frame))
}

/// The address of a page with nothing behind it, for what others map there: a hypervisor need not flush
/// what it replaces. Its words fault until then.
///
/// # Errors
///
/// As of [`page`], and what the hypervisor says.
pub fn hole() -> Result<&'static SharedPage, Verdict> {
    let (place, _) = page()?;
    remap(place, 0)?;
    Ok(place)
}

/// Puts an entry behind the address of a page that [`page`] gave, and flushes the address.
///
/// # Errors
///
/// What the hypervisor says.
pub fn remap(page: &SharedPage, entry: u64) -> hypercall::Result<()> {
    let address = GuestAddress::new(page.address());
    // SAFETY: nothing but the test uses the page, and it is reached by atomics.
    unsafe { update_va_mapping(address, entry, VaMappingFlags::INVLPG) }
}

/// Maps a frame at the address of a page that [`page`] gave.
///
/// # Errors
///
/// What the hypervisor says.
pub fn map(page: &SharedPage, frame: Mfn, access: Access) -> hypercall::Result<()> {
    remap(page, leaf(frame, access))
}
