//! Unpacked kernels: ELF files for x86-64 with Xen's notes.

mod error;
mod features;
mod image;
mod legacy;
mod notes;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use error::KernelError;
pub use features::Features;
pub use image::{Kernel, Segment};
pub use notes::{NoteSource, Notes};
