//! Grants: memory that a domain lets another use.
//!
//! - [`share`] lets another domain map or copy a page of ours, until the [`Grant`] is revoked
//! - [`map`] maps what others grant
//! - [`copy`] copies from and to granted pages, without a mapping
//!
//! Source: `public/grant_table.h`; tables of version 1.

mod copy;
mod error;
mod foreign;
mod references;
mod share;
pub(crate) mod table;

pub use copy::{End, copy};
pub use error::Error;
pub use foreign::{Foreign, map};
pub use share::{Grant, share};
