//! The store, and what is kept in it: devices and the toolstack's requests.
//!
//! - [`Store`]: the connection. Its operations are those of [`Nodes`], as are a [`Transaction`]'s.
//! - [`Watch`]: tells of changes below a path.
//! - [`Control`]: what the toolstack asks of the domain: power off, reboot, suspend.
//! - [`Device`]: a device's two directories, and the states by which front and back end meet.

mod connection;
mod control;
mod device;
mod error;
mod nodes;
mod path;
mod permission;
mod store;
mod transaction;
mod watch;

pub use control::{Control, Request};
pub use device::{Device, DeviceError};
pub use error::StoreError;
pub use nodes::Nodes;
pub use permission::{Permission, Rights};
pub use store::Store;
pub use transaction::Transaction;
pub use watch::Watch;
