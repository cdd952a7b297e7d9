//! A guest's memory by its own addresses.
//!
//! Copies go through the page tables that the guest runs on, and a fault ends the copy with an
//! error. What a guest may write is never borrowed: copy once, decide on the copy.
// UNSAFETY: accesses memory that a guest controls, with fault recovery.
#![expect(unsafe_code)]

use core::arch::asm;
use core::mem::MaybeUninit;

use ringwall_abi::GuestAddress;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::layout::outside_hypervisor;

/// The guest's address is not mapped for it, or not the guest's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault;

/// Whether all bytes from `start` on lie outside the hypervisor's slots.
///
/// A guest's range may be non-canonical: then the copy faults.
fn allowed(start: u64, length: usize) -> bool {
    let Some(last) = start.checked_add((length as u64).saturating_sub(1)) else {
        return false;
    };
    outside_hypervisor(start)
        && outside_hypervisor(last)
        && (start < crate::layout::HYPERVISOR_START) == (last < crate::layout::HYPERVISOR_START)
}

macro_rules! copy_with_recovery {
    ($instruction:literal, $count:expr, $from:expr, $to:expr) => {{
        let left: usize;
        // SAFETY: 1. one side is the caller's own buffer of this length; 2. the other is outside the
        // hypervisor; 3. a fault leaves the loop with `rcx` as it was.
        unsafe {
            asm!(
                "71: .byte 0x0f, 0x1f, 0x00",
                ".pushsection .smap_sites, \"a\"", ".quad 71b, 0xcb010f", ".popsection",
                concat!("72: rep ", $instruction),
                "73: .byte 0x0f, 0x1f, 0x00",
                ".pushsection .smap_sites, \"a\"", ".quad 73b, 0xca010f", ".popsection",
                ".pushsection .fixups, \"a\"", ".quad 72b, 73b", ".popsection",
                inout("rcx") $count => left,
                inout("rsi") $from => _,
                inout("rdi") $to => _,
                options(nostack, preserves_flags),
            );
        }
        left
    }};
}

/// One word from the guest.
#[inline]
fn load_word(from: u64) -> Result<u64, Fault> {
    let (value, failed): (u64, u64);
    // SAFETY: outside the hypervisor, as the callers checked; a fault goes to the fixup.
    unsafe {
        asm!(
            "xor {failed:e}, {failed:e}",
            "71: .byte 0x0f, 0x1f, 0x00",
            ".pushsection .smap_sites, \"a\"", ".quad 71b, 0xcb010f", ".popsection",
            "72: mov {value}, [{from}]",
            "73: .byte 0x0f, 0x1f, 0x00",
            ".pushsection .smap_sites, \"a\"", ".quad 73b, 0xca010f", ".popsection",
            ".pushsection .text.fixup, \"ax\"", "74: mov {failed:e}, 1", "xor {value:e}, {value:e}",
            "jmp 73b", ".popsection",
            ".pushsection .fixups, \"a\"", ".quad 72b, 74b", ".popsection",
            failed = out(reg) failed,
            value = out(reg) value,
            from = in(reg) from,
            options(nostack, readonly),
        );
    }
    if failed == 0 { Ok(value) } else { Err(Fault) }
}

/// One word to the guest.
#[inline]
fn store_word(to: u64, value: u64) -> Result<(), Fault> {
    let failed: u64;
    // SAFETY: as for `load_word`.
    unsafe {
        asm!(
            "xor {failed:e}, {failed:e}",
            "71: .byte 0x0f, 0x1f, 0x00",
            ".pushsection .smap_sites, \"a\"", ".quad 71b, 0xcb010f", ".popsection",
            "72: mov [{to}], {value}",
            "73: .byte 0x0f, 0x1f, 0x00",
            ".pushsection .smap_sites, \"a\"", ".quad 73b, 0xca010f", ".popsection",
            ".pushsection .text.fixup, \"ax\"", "74: mov {failed:e}, 1", "jmp 73b", ".popsection",
            ".pushsection .fixups, \"a\"", ".quad 72b, 74b", ".popsection",
            failed = out(reg) failed,
            value = in(reg) value,
            to = in(reg) to,
            options(nostack),
        );
    }
    if failed == 0 { Ok(()) } else { Err(Fault) }
}

/// Copies bytes from the guest.
///
/// # Errors
/// A byte is not the guest's to read. `into` may have changed up to there.
pub fn copy_in(into: &mut [u8], from: GuestAddress) -> Result<(), Fault> {
    if into.is_empty() {
        return Ok(());
    }
    if !allowed(from.raw(), into.len()) {
        return Err(Fault);
    }
    let (words, rest) = (into.len() / 8, into.len() % 8);
    if copy_with_recovery!("movsq", words, from.raw(), into.as_mut_ptr()) != 0 {
        return Err(Fault);
    }
    let tail = into.len() - rest;
    let left = copy_with_recovery!(
        "movsb",
        rest,
        from.raw() + tail as u64,
        into.as_mut_ptr().wrapping_add(tail)
    );
    if left == 0 { Ok(()) } else { Err(Fault) }
}

/// Copies bytes to the guest.
///
/// # Errors
/// A byte is not the guest's to write. Bytes before it have been written.
pub fn copy_out(to: GuestAddress, from: &[u8]) -> Result<(), Fault> {
    if from.is_empty() {
        return Ok(());
    }
    if !allowed(to.raw(), from.len()) {
        return Err(Fault);
    }
    let (words, rest) = (from.len() / 8, from.len() % 8);
    if copy_with_recovery!("movsq", words, from.as_ptr(), to.raw()) != 0 {
        return Err(Fault);
    }
    let tail = from.len() - rest;
    let left = copy_with_recovery!(
        "movsb",
        rest,
        from.as_ptr().wrapping_add(tail),
        to.raw() + tail as u64
    );
    if left == 0 { Ok(()) } else { Err(Fault) }
}

/// Copies a value from the guest.
///
/// # Errors
/// It is not all the guest's to read.
#[inline]
pub fn read<T: FromBytes>(from: GuestAddress) -> Result<T, Fault> {
    let mut value = MaybeUninit::<T>::uninit();
    if size_of::<T>() % 8 == 0 && size_of::<T>() <= 80 {
        if !allowed(from.raw(), size_of::<T>()) {
            return Err(Fault);
        }
        for word in 0..size_of::<T>() / 8 {
            let loaded = load_word(from.raw() + 8 * word as u64)?;
            // SAFETY: inside `value`.
            unsafe {
                value
                    .as_mut_ptr()
                    .cast::<u64>()
                    .add(word)
                    .write_unaligned(loaded)
            };
        }
    } else {
        // SAFETY: the bytes of `value`, zeroed before they are seen as bytes.
        let bytes = unsafe {
            value.as_mut_ptr().write_bytes(0, 1);
            core::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>())
        };
        copy_in(bytes, from)?;
    }
    // SAFETY: every byte was written, and any bytes are a valid `T`.
    Ok(unsafe { value.assume_init() })
}

/// Copies a value to the guest.
///
/// # Errors
/// It is not all the guest's to write; part of it may have been written.
#[inline]
pub fn write<T: IntoBytes + Immutable>(to: GuestAddress, value: &T) -> Result<(), Fault> {
    let bytes = value.as_bytes();
    if size_of::<T>() % 8 == 0 && size_of::<T>() <= 80 {
        if !allowed(to.raw(), size_of::<T>()) {
            return Err(Fault);
        }
        for (word, chunk) in bytes.as_chunks::<8>().0.iter().enumerate() {
            store_word(to.raw() + 8 * word as u64, u64::from_ne_bytes(*chunk))?;
        }
        Ok(())
    } else {
        copy_out(to, bytes)
    }
}
