//! The store: its server in this process, and what ringd keeps there of domains.

mod home;
mod nodes;

pub(crate) use home::{forget, forget_identity, make, set_name};
pub(crate) use nodes::DeviceStore;
pub(crate) use ringwall_xenstore::ControlDomain;
