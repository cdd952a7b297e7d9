//! `console_io` (18): the hypervisor's console, for dom0.
//!
//! Arguments: command, count in bytes, buffer. Results: 0 for a write, the number of bytes for a
//! read; `EPERM` for other domains; `ENOSYS`, `EFAULT`. A long write is done in pieces, between which
//! it can be interrupted.

use ringwall_abi::xen::ConsoleIoOp;
use ringwall_abi::{Errno, GuestAddress};
use ringwall_hw::console;
use ringwall_hw::memory::guest;
use ringwall_model::memory::Machine;

use super::{Call, Result, Stop};
use crate::machine::MACHINE;

/// Bytes of a write that go out at once, or of a read.
const PIECE: usize = 128;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    call.require_privilege()?;
    let command = ConsoleIoOp::from_number(call.number(0) & 0xffff_ffff).ok_or(Errno::ENOSYS)?;
    match command {
        ConsoleIoOp::Write => write(call),
        ConsoleIoOp::Read => {
            let mut bytes = [0; PIECE];
            let count = usize::try_from(call.number(1) & 0x7fff_ffff)
                .unwrap_or(0)
                .min(bytes.len());
            let count = console::read_input(bytes.get_mut(..count).unwrap_or(&mut []));
            guest::copy_out(call.address(2), bytes.get(..count).unwrap_or(&[]))?;
            Ok(count as u64)
        }
    }
}

fn write(call: &mut Call<'_>) -> Result {
    let mut bytes = [0; PIECE];
    loop {
        let count = call.number(1) & 0x7fff_ffff;
        if count == 0 {
            return Ok(0);
        }
        let length = count.min(PIECE as u64);
        let part = usize::try_from(length)
            .ok()
            .and_then(|length| bytes.get_mut(..length))
            .unwrap_or(&mut []);
        guest::copy_in(part, GuestAddress::new(call.number(2)))?;
        console::write_raw(part);
        call.arguments[1] = count - length;
        call.arguments[2] = call.number(2).wrapping_add(length);
        if call.arguments[1] != 0 && MACHINE.should_preempt() {
            return Err(Stop::Resume);
        }
    }
}
