//! Files of tests, and what is built of them.

use std::io::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::kernel;
use crate::{Cache, KernelImage, Plan, Request};

/// A directory of this test's own, with a kernel in it.
pub(crate) struct Files {
    pub(crate) directory: TempDir,
    pub(crate) kernel: PathBuf,
}

impl Files {
    pub(crate) fn new(features: &str) -> Self {
        Self::with(&kernel::elf(features))
    }

    /// The same with these bytes as the kernel.
    pub(crate) fn with(bytes: &[u8]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let kernel = directory.path().join("kernel");
        std::fs::write(&kernel, bytes).expect("written");
        Self { directory, kernel }
    }

    /// The kernel packed by gzip, without compression: what `inflate` calls stored.
    pub(crate) fn packed(features: &str) -> Self {
        let elf = kernel::elf(features);
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        let chunks: Vec<&[u8]> = elf.chunks(0xffff).collect();
        for (index, chunk) in chunks.iter().enumerate() {
            let length = u16::try_from(chunk.len()).expect("cut so");
            bytes.push(u8::from(index + 1 == chunks.len()));
            bytes.extend(length.to_le_bytes());
            bytes.extend((!length).to_le_bytes());
            bytes.write_all(chunk).expect("to memory");
        }
        bytes.extend(crc32(&elf).to_le_bytes());
        bytes.extend(u32::try_from(elf.len()).expect("small").to_le_bytes());
        Self::with(&bytes)
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.directory.path().join("cache"))
    }

    pub(crate) fn request(&self, pages: u64) -> Request {
        let kernel = KernelImage::open(&self.kernel, None).expect("it is a kernel");
        Request::new(kernel, pages)
    }

    pub(crate) fn plan(&self, pages: u64) -> Plan {
        Plan::new(self.request(pages)).expect("it fits")
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
