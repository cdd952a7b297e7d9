//! I/O ports.

use ringwall_abi::Errno;
use ringwall_abi::physdev::{SetIobitmap, SetIopl};

use crate::hypercall::{Call, Result};
use crate::schedule;

/// Ports that there are.
const PORTS: u32 = 1 << 16;

/// `set_iopl`. `EINVAL`: above 3. It gives ports to dom0 alone.
pub(super) fn set_iopl(call: &Call<'_>) -> Result {
    let request: SetIopl = call.read(1)?;
    let iopl = u8::try_from(request.iopl)
        .ok()
        .filter(|&iopl| iopl <= 3)
        .ok_or(Errno::EINVAL)?;
    call.vcpu.state.lock().iopl = iopl;
    schedule::set_io_rights(call.vcpu, iopl);
    Ok(0)
}

/// `set_iobitmap`. `EINVAL`: too many ports; `ENOSYS`: more than none. Single ports for user code
/// are refused, so that a task with `ioperm` gets a fault; `iopl(3)` gives it all of dom0's.
pub(super) fn set_iobitmap(call: &Call<'_>) -> Result {
    let request: SetIobitmap = call.read(1)?;
    match request.nr_ports {
        0 => Ok(0),
        1..=PORTS => Err(Errno::ENOSYS.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}
