//! Kernels: from a file, or from the cache, to what is loaded.

mod cache;
mod format;
mod image;

pub use cache::Cache;
pub(crate) use image::Part;
pub use image::{Facts, KernelImage};
