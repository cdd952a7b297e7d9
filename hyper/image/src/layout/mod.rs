//! The address space in which a PV domain starts.
//!
//! Source of the rules: `public/xen.h`, "Start-of-day memory layout".

mod element;
mod error;
mod plan;
mod tables;
#[cfg(test)]
mod tests;

pub use element::{Element, Role};
pub use error::LayoutError;
pub use plan::{Layout, Request, Rings, StartInfoFields};
pub use tables::{Access, TableEntries, TableEntry};
