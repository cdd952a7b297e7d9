//! The hypervisor's own memory: frames, and a heap of them.
//!
//! Small requests get equal pieces of a page, larger ones powers of two of frames. A page whose pieces are all
//! free again goes back to where it came from: what one domain had the heap grow by is the next one's memory.
//! Nothing on a hot path comes here.

mod global;
mod lists;
mod page;
#[cfg(test)]
mod tests;

pub use global::{bytes_in_use, frames_in_use, set_source, table_frame};
pub use lists::FrameSource;
