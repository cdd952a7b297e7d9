//! Physical memory, and the hypervisor's own page tables.

pub mod device;
pub mod early;
pub mod frames;
pub mod guest;
pub mod init;
pub mod paging;
pub mod ranges;
mod words;

pub use words::{
    clear_frame, copy_frame, copy_frame_bytes, frame_bytes_in, frame_bytes_out, frame_word,
    write_frame_word,
};
