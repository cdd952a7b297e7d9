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

use crate::layout::{HYPERVISOR_END, HYPERVISOR_START};

/// The guest's address is not mapped for it, or not the guest's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault;

/// Whether all bytes from `start` on lie outside the hypervisor's slots; `length` is that of a buffer.
///
/// A guest's range may be non-canonical: then the copy faults.
#[inline]
fn allowed(start: u64, length: usize) -> bool {
    // The starts from which a byte would lie in the slots, as one range modulo 2^64.
    let before = (length as u64).saturating_sub(1);
    let starts = (HYPERVISOR_END - HYPERVISOR_START).saturating_add(before);
    start.wrapping_sub(HYPERVISOR_START.wrapping_sub(before)) >= starts
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

/// Copies bytes from the guest: whole words first.
///
/// # Safety
/// 1. `into` is good for writes of `length` bytes. 2. The guest's range is [`allowed`].
#[inline]
unsafe fn bytes_in(into: *mut u8, from: u64, length: usize) -> Result<(), Fault> {
    let (words, rest) = (length / 8, length % 8);
    if copy_with_recovery!("movsq", words, from, into) != 0 {
        return Err(Fault);
    }
    let done = length - rest;
    if rest != 0
        && copy_with_recovery!(
            "movsb",
            rest,
            from.wrapping_add(done as u64),
            into.wrapping_add(done)
        ) != 0
    {
        return Err(Fault);
    }
    Ok(())
}

/// Copies bytes to the guest: whole words first.
///
/// # Safety
/// 1. `from` is good for reads of `length` bytes. 2. The guest's range is [`allowed`].
#[inline]
unsafe fn bytes_out(to: u64, from: *const u8, length: usize) -> Result<(), Fault> {
    let (words, rest) = (length / 8, length % 8);
    if copy_with_recovery!("movsq", words, from, to) != 0 {
        return Err(Fault);
    }
    let done = length - rest;
    if rest != 0
        && copy_with_recovery!(
            "movsb",
            rest,
            from.wrapping_add(done),
            to.wrapping_add(done as u64)
        ) != 0
    {
        return Err(Fault);
    }
    Ok(())
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
    // SAFETY: 1. a slice of this length; 2. checked.
    unsafe { bytes_in(into.as_mut_ptr(), from.raw(), into.len()) }
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
    // SAFETY: 1. a slice of this length; 2. checked.
    unsafe { bytes_out(to.raw(), from.as_ptr(), from.len()) }
}

/// Copies a value from the guest.
///
/// # Errors
/// It is not all the guest's to read.
#[inline]
pub fn read<T: FromBytes>(from: GuestAddress) -> Result<T, Fault> {
    let mut value = MaybeUninit::<T>::uninit();
    let size = size_of::<T>();
    if !allowed(from.raw(), size) {
        return Err(Fault);
    }
    if size == 8 {
        let word = load_word(from.raw())?;
        // SAFETY: `value` has these 8 bytes.
        unsafe { value.as_mut_ptr().cast::<u64>().write_unaligned(word) };
    } else {
        // SAFETY: 1. `value` has this size; 2. checked.
        unsafe { bytes_in(value.as_mut_ptr().cast(), from.raw(), size)? };
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
    if !allowed(to.raw(), bytes.len()) {
        return Err(Fault);
    }
    if let Ok(word) = bytes.try_into() {
        return store_word(to.raw(), u64::from_ne_bytes(word));
    }
    // SAFETY: 1. the bytes of `value`; 2. checked.
    unsafe { bytes_out(to.raw(), bytes.as_ptr(), bytes.len()) }
}
