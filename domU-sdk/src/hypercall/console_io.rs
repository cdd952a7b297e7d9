//! `console_io`: the hypervisor's console, for the privileged domain.
// UNSAFETY: lends its own buffers to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::Hypercall;
use ringwall_abi::xen::ConsoleIoOp;

use super::{Result, address, address_mut, call};

/// Writes bytes.
///
/// # Errors
///
/// `EPERM` where the domain may not.
pub fn console_write(bytes: &[u8]) -> Result<()> {
    let arguments = [
        ConsoleIoOp::Write as u64,
        bytes.len() as u64,
        address(bytes),
    ];
    // SAFETY: the hypervisor reads the bytes.
    unsafe { call(Hypercall::ConsoleIo, arguments) }.map(|_| ())
}

/// Reads what was typed, as far as there is room; how many bytes.
///
/// # Errors
///
/// `EPERM` where the domain may not.
pub fn console_read(buffer: &mut [u8]) -> Result<usize> {
    let arguments = [
        ConsoleIoOp::Read as u64,
        buffer.len() as u64,
        address_mut(buffer),
    ];
    // SAFETY: the hypervisor writes to the buffer, and no further.
    let read = unsafe { call(Hypercall::ConsoleIo, arguments) }?;
    Ok(usize::try_from(read).map_or(buffer.len(), |read| read.min(buffer.len())))
}
