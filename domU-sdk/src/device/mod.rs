//! What all front ends are made of: shared pages, grants, event channels, and the trait by which
//! they reach the domain that they run in.

mod granted;
mod guest;
mod platform;

pub use crate::memory::entry::Access;
pub use granted::{Channel, GrantedPage};
pub use guest::Guest;
pub use platform::{Platform, StillMapped};
