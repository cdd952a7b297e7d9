//! The running guest's mode: kernel or user, each with its root table and GS base.
// UNSAFETY: loads root tables, swaps the GS pair.
#![expect(unsafe_code)]

use core::arch::asm;

use crate::cpu::control;
use crate::cpu::local::CpuLocal;
use crate::layout::LOCAL_OFFSET;
use crate::layout::TSS_OFFSET;

/// Whether the guest is in kernel mode.
#[must_use]
#[inline]
pub fn in_kernel(local: &CpuLocal) -> bool {
    local.guest.kernel_mode.get() != 0
}

/// From user to kernel mode: root table, GS pair and I/O ports. Nothing if it is there.
#[inline]
pub fn enter_kernel(local: &CpuLocal) {
    if !in_kernel(local) {
        local.guest.kernel_mode.set(1);
        swap_gs();
        set_io_bitmap(local, local.guest.kernel_io_bitmap.get());
        load_current_root(local);
    }
}

/// From kernel to user mode. `false`, and nothing changes, if the guest has no root table for it.
#[must_use]
#[inline]
pub fn enter_user(local: &CpuLocal) -> bool {
    if local.guest.user_root.get() == 0 {
        return false;
    }
    if in_kernel(local) {
        local.guest.kernel_mode.set(0);
        swap_gs();
        set_io_bitmap(local, local.guest.user_io_bitmap.get());
        load_current_root(local);
    }
    true
}

/// Loads the root table of the guest's mode, which drops all translations.
#[inline]
pub fn load_current_root(local: &CpuLocal) {
    let root = if in_kernel(local) {
        &local.guest.kernel_root
    } else {
        &local.guest.user_root
    };
    // SAFETY: the page-type machine gave the guest this root: it is an L4 table with the hypervisor's
    // slots, and a reference keeps it one.
    unsafe { control::load_root(root.get()) };
}

/// Leaves the guest's tables for the hypervisor's own.
pub fn load_idle_root(local: &CpuLocal) {
    // SAFETY: the hypervisor's own root, kept for good.
    unsafe { control::load_root(local.idle_root.get()) };
}

/// Makes the I/O ports of the guest's present mode those of the CPU.
pub fn refresh_io_bitmap(local: &CpuLocal) {
    let bitmap = if in_kernel(local) {
        &local.guest.kernel_io_bitmap
    } else {
        &local.guest.user_io_bitmap
    };
    set_io_bitmap(local, bitmap.get());
}

fn swap_gs() {
    // SAFETY: the hypervisor does not use GS; both bases are the guest's.
    unsafe { asm!("swapgs", options(nomem, nostack, preserves_flags)) };
}

fn set_io_bitmap(local: &CpuLocal, offset: u16) {
    let field = core::ptr::from_ref(local).addr() as u64 - LOCAL_OFFSET + TSS_OFFSET + 102;
    // SAFETY: the I/O map base of this CPU's TSS; the CPU alone reads it.
    unsafe { (field as *mut u16).write_volatile(offset) };
}

/// Fills this CPU's I/O bitmap: a set bit denies the port.
pub fn fill_io_bitmap(local: &CpuLocal, denied: impl Fn(u16) -> bool) {
    let base =
        core::ptr::from_ref(local).addr() as u64 - LOCAL_OFFSET + crate::layout::IO_BITMAP_OFFSET;
    for byte in 0..8192u16 {
        let bits = (0..8).fold(0u8, |bits, bit| {
            bits | u8::from(denied(byte * 8 + bit)) << bit
        });
        // SAFETY: inside the two pages of the bitmap, which this CPU alone uses.
        unsafe { ((base + u64::from(byte)) as *mut u8).write_volatile(bits) };
    }
}
