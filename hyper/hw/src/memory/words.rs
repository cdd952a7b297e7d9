//! Frames of RAM as words, by the direct map.
//!
//! A guest may write the same memory at any time, so nothing here makes a reference to it: each
//! access is atomic or a copy.
// UNSAFETY: accesses physical memory by the direct map.
#![expect(unsafe_code)]

use core::arch::asm;
use core::sync::atomic::AtomicU64;

use ringwall_abi::{Mfn, PAGE_SIZE};

use crate::layout::direct_frame;
use crate::memory::frames::is_ram;

/// A word of a frame of RAM, or `None` where there is no RAM or no such word.
#[must_use]
#[inline]
pub fn frame_word(mfn: Mfn, index: usize) -> Option<&'static AtomicU64> {
    if !is_ram(mfn) || index >= PAGE_SIZE / 8 {
        return None;
    }
    let address = direct_frame(mfn) + 8 * index as u64;
    // SAFETY: 1. RAM is mapped by the direct map for good; 2. aligned; 3. only atomics touch it.
    Some(unsafe { &*(address as *const AtomicU64) })
}

/// Writes a word of a frame of RAM; nothing where there is none.
pub fn write_frame_word(mfn: Mfn, index: usize, value: u64) {
    if let Some(word) = frame_word(mfn, index) {
        word.store(value, core::sync::atomic::Ordering::Relaxed);
    }
}

/// Fills a frame of RAM with zeros.
pub fn clear_frame(mfn: Mfn) {
    if is_ram(mfn) {
        // Plain stores, several in a row: under TCG half the time of `rep stosq`, whose steps are each
        // a round of their own there.
        // SAFETY: the frame is mapped, and 8 rounds of 64 words long.
        unsafe {
            asm!(
                "2:", ".set clear_frame_at, 0", ".rept 64", "mov [{at} + clear_frame_at], {zero}",
                ".set clear_frame_at, clear_frame_at + 8", ".endr",
                "add {at}, 512", "dec {rounds:e}", "jnz 2b",
                at = inout(reg) direct_frame(mfn) => _, zero = in(reg) 0u64,
                rounds = inout(reg) PAGE_SIZE / 512 => _, options(nostack),
            );
        }
    }
}

/// Copies a frame of RAM to another.
pub fn copy_frame(from: Mfn, to: Mfn) {
    if is_ram(from) && is_ram(to) {
        // SAFETY: both frames are mapped and 512 words long.
        unsafe {
            asm!("rep movsq", inout("rsi") direct_frame(from) => _, inout("rdi") direct_frame(to) => _,
                inout("rcx") PAGE_SIZE / 8 => _, options(nostack, preserves_flags));
        }
    }
}

/// Copies bytes out of a frame of RAM; `false` where they are not all in it.
#[must_use]
pub fn frame_bytes_out(mfn: Mfn, offset: usize, into: &mut [u8]) -> bool {
    if !is_ram(mfn)
        || offset
            .checked_add(into.len())
            .is_none_or(|end| end > PAGE_SIZE)
    {
        return false;
    }
    // SAFETY: the range lies in a mapped frame; `into` is the caller's own.
    unsafe {
        asm!("rep movsb", inout("rsi") direct_frame(mfn) + offset as u64 => _,
            inout("rdi") into.as_mut_ptr() => _, inout("rcx") into.len() => _,
            options(nostack, preserves_flags));
    }
    true
}

/// Copies bytes into a frame of RAM; `false` where they do not all fit.
#[must_use]
pub fn frame_bytes_in(mfn: Mfn, offset: usize, from: &[u8]) -> bool {
    if !is_ram(mfn)
        || offset
            .checked_add(from.len())
            .is_none_or(|end| end > PAGE_SIZE)
    {
        return false;
    }
    // SAFETY: the range lies in a mapped frame; `from` is the caller's own.
    unsafe {
        asm!("rep movsb", inout("rsi") from.as_ptr() => _,
            inout("rdi") direct_frame(mfn) + offset as u64 => _, inout("rcx") from.len() => _,
            options(nostack, preserves_flags));
    }
    true
}

/// Copies bytes from one frame of RAM to another, each named with the offset of its first byte;
/// `false` where they are not all in both. Where the two overlap in one frame, what comes of it is
/// a mixture of the bytes.
#[must_use]
pub fn copy_frame_bytes(from: (Mfn, usize), to: (Mfn, usize), length: usize) -> bool {
    let place = |(mfn, offset): (Mfn, usize)| {
        let fits = offset
            .checked_add(length)
            .is_some_and(|end| end <= PAGE_SIZE);
        (is_ram(mfn) && fits).then_some(direct_frame(mfn) + offset as u64)
    };
    let (Some(from), Some(to)) = (place(from), place(to)) else {
        return false;
    };
    // SAFETY: both ranges lie in mapped frames; any bytes may be there, and guests may write them too.
    unsafe {
        asm!("rep movsq", "mov ecx, {rest:e}", "rep movsb", rest = in(reg) length % 8,
            inout("rsi") from => _, inout("rdi") to => _, inout("rcx") length / 8 => _,
            options(nostack, preserves_flags));
    }
    true
}

/// Fills memory with zeros before the frame table exists.
pub(super) fn clear_early(physical: u64, length: u64) {
    let start = crate::layout::DIRECT_MAP_START + physical;
    // SAFETY: early memory hands out RAM that nothing uses and that the boot tables map.
    unsafe {
        asm!("rep stosq", inout("rdi") start => _, inout("rcx") length / 8 => _, in("rax") 0u64,
            options(nostack, preserves_flags));
    }
}
