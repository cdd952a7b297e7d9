//! The address space in which a PV domain starts.
//!
//! Source of the rules: `public/xen.h`, "Start-of-day memory layout".

mod element;
mod error;
mod plan;
mod region;
mod request;
mod start_info;
mod tables;
#[cfg(test)]
mod tests;

pub use element::{Element, Role};
pub use error::LayoutError;
pub use plan::Layout;
pub use request::{Request, Rings};
pub use start_info::StartInfoFields;
pub use tables::{Access, TableEntries, TableEntry};
