//! Kernels as distributions ship them: inside a bzImage, compressed.

mod bzimage;
mod compression;
mod error;
mod find;
mod gzip;
mod lz4;
mod lzma;
#[cfg(test)]
mod tests;
mod zstd;

pub use compression::Compression;
pub use error::PayloadError;
pub use find::Payload;
