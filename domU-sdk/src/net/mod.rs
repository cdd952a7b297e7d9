//! Networks: the front end of `public/io/netif.h`.
//!
//! [`Net`] sends and receives Ethernet frames, each in one page, copied through pages that stay
//! granted while the device is open. With feature `smoltcp` there is [`SmoltcpDevice`], which
//! the `smoltcp` stack drives.
//!
//! One queue of a ring each way. Frames of several parts (`feature-sg`, segments of TCP for the back end to
//! cut) are neither asked for nor sent.

mod address;
mod buffers;
mod device;
mod error;
mod options;
mod receive;
mod send;
#[cfg(feature = "smoltcp")]
mod smoltcp;

pub use address::MacAddress;
pub use device::{Net, Statistics};
pub use error::NetError;
pub use options::{Checksums, Multicast, NetOptions};
pub use receive::{Checked, Frame};
pub use send::Checksum;
#[cfg(feature = "smoltcp")]
pub use smoltcp::{ReceiveToken, SendToken, SmoltcpDevice};

/// Bytes of a frame at most.
pub const FRAME_MAX: usize = ringwall_abi::PAGE_SIZE;
/// Bytes of an Ethernet header.
pub const ETHERNET_HEADER: usize = 14;
