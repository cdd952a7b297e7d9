//! Disks: from a file or block device of dom0 to what Linux's xen-blkback serves.
//!
//! A file gets a loop device. Its back end opens the device by number as soon as it reads the
//! node `physical-device`.

mod attach;
mod backing;
mod loops;
mod number;
mod users;

pub use attach::{AttachedDisk, Claim, DiskInfo, attach, check, hand_over, list};
pub use loops::LoopDevice;
pub use number::DeviceNumber;
pub use users::User;
