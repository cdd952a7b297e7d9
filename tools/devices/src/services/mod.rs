//! What the default network offers its guests: addresses (DHCP) and names (DNS).
//!
//! Both decide in functions over bytes, `dhcp` and `names`; one thread has the sockets. Guests are
//! hostile: nothing that they send makes anything grow without a limit.

mod dhcp;
mod file;
mod forward;
mod leases;
mod names;
mod resolvers;
mod run;
mod socket;

pub use leases::{Lease, Leases};
pub use run::{Files, LeaseEvent, Services};
