//! The hypervisor's log.

use ringwall_abi::Errno;
use ringwall_abi::sysctl::ReadConsole;
use ringwall_hw::console;
use ringwall_hw::memory::guest;

use super::body;
use crate::hypercall::{Call, Result};

/// `XEN_SYSCTL_readconsole`: copies a piece of the log; `incremental` reads go on where the one before ended.
pub(super) fn read(call: &Call<'_>) -> Result {
    let mut request: ReadConsole = body::read(call)?;
    let mut piece = [0; 256];
    let mut position = if request.incremental == 0 {
        0
    } else {
        u64::from(request.index)
    };
    let mut written = 0;
    while written < request.count {
        let length = (request.count - written).min(256) as usize;
        let (next, count) = console::read_log(position, piece.get_mut(..length).unwrap_or(&mut []));
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        let place = request
            .buffer
            .checked_add(written.into())
            .ok_or(Errno::EFAULT)?;
        guest::copy_out(place, bytes)?;
        position = next;
        written += u32::try_from(count).unwrap_or(0);
    }
    if request.clear != 0 {
        console::clear_log();
    }
    request.count = written;
    #[expect(clippy::cast_possible_truncation, reason = "the ABI's index wraps")]
    {
        request.index = position as u32;
    }
    body::write(call, &request)
}
