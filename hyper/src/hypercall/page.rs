//! The hypercall page: 128 entries of 32 bytes that call by number.

use ringwall_abi::{Hypercall, Mfn};
use ringwall_hw::memory::frame_bytes_in;
use ringwall_model::memory::{Error, Stale};

use crate::domain::Domain;
use crate::machine::memory;

const ENTRY: usize = 32;

/// Fills a writable frame of a domain with the page.
pub(crate) fn fill(domain: &Domain, mfn: Mfn) -> Result<(), Error> {
    let page = memory().get_writable(mfn, domain.id())?;
    write(mfn);
    memory().put_writable(page, Stale::Flushed);
    Ok(())
}

/// Writes the page into a frame.
pub(crate) fn write(mfn: Mfn) {
    for number in 0..128u8 {
        let mut entry = [0xcc; ENTRY];
        let code: &[u8] = if u32::from(number) == Hypercall::Iret.number() {
            // push rcx; push r11; push rax; mov eax, 23; syscall
            &[0x51, 0x41, 0x53, 0x50, 0xb8, number, 0, 0, 0, 0x0f, 0x05]
        } else {
            // push rcx; push r11; mov eax, number; syscall; pop r11; pop rcx; ret
            &[
                0x51, 0x41, 0x53, 0xb8, number, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3,
            ]
        };
        if let Some(start) = entry.get_mut(..code.len()) {
            start.copy_from_slice(code);
        }
        let _ = frame_bytes_in(mfn, usize::from(number) * ENTRY, &entry);
    }
}
