//! The version of the table's entries.

use ringwall_abi::Errno;

/// What `GNTTABOP_get_version` tells of every domain.
pub const VERSION: u32 = 1;

/// `GNTTABOP_set_version`: the version that is in force afterwards.
///
/// # Errors
/// `ENOSYS` for version 2, which guests then do without; `EINVAL` for others.
#[doc(alias = "GNTTABOP_set_version")]
pub const fn set_version(wanted: u32) -> Result<u32, Errno> {
    match wanted {
        VERSION => Ok(VERSION),
        2 => Err(Errno::ENOSYS),
        _ => Err(Errno::EINVAL),
    }
}
