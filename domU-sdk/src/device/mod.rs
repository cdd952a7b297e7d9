//! What all front ends are made of: shared pages, grants, event channels, and the trait by which
//! they reach the domain that they run in.

mod granted;
mod platform;

pub use granted::{Channel, GrantedPage};
pub use platform::{Access, Platform, StillMapped};
