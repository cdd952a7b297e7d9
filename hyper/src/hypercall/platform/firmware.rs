//! What the BIOS or EFI told.

use ringwall_abi::Errno;
use ringwall_abi::platform::{FirmwareInfo, FirmwareInfoType};

use super::op::read_body;
use crate::hypercall::{Call, Result};

/// `firmware_info`. `ESRCH`: of the BIOS's disks, monitor and keyboard nothing is known, since the
/// boot loaders don't pass it on and the hypervisor never runs in real mode; `ENOSYS`: no EFI;
/// `EINVAL`: an unknown kind.
pub(super) fn ask(call: &Call<'_>) -> Result {
    let request: FirmwareInfo = read_body(call)?;
    let errno = match FirmwareInfoType::try_from(request.kind) {
        Ok(
            FirmwareInfoType::DiskInfo
            | FirmwareInfoType::DiskMbrSignature
            | FirmwareInfoType::VbeddcInfo
            | FirmwareInfoType::KbdShiftFlags,
        ) => Errno::ESRCH,
        Ok(FirmwareInfoType::EfiInfo) => Errno::ENOSYS,
        Err(_) => Errno::EINVAL,
    };
    Err(errno.into())
}
