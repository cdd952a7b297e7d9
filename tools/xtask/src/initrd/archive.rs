//! A compressed cpio archive, the same bytes for the same content.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use cpio::newc::{self, Builder};
use flate2::Compression;
use flate2::write::GzEncoder;

const DIRECTORY: u32 = 0o040_755;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_777;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// An archive in the making.
pub(crate) struct Archive {
    bytes: Vec<u8>,
    directories: BTreeSet<String>,
    next_inode: u32,
}

impl Archive {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            directories: BTreeSet::new(),
            next_inode: 1,
        }
    }

    /// Adds a directory and those above it, unless they are there.
    pub(crate) fn directory(&mut self, name: &str) -> Result<()> {
        let above: Vec<_> = Path::new(name).ancestors().collect();
        for path in above.into_iter().rev() {
            let name = path.to_string_lossy().into_owned();
            if !name.is_empty() && self.directories.insert(name.clone()) {
                self.entry(&name, DIRECTORY, &[])?;
            }
        }
        Ok(())
    }

    /// Adds a file, with the directories above it.
    pub(crate) fn file(&mut self, name: &str, permissions: u32, content: &[u8]) -> Result<()> {
        if let Some(parent) = Path::new(name).parent() {
            self.directory(&parent.to_string_lossy())?;
        }
        self.entry(name, REGULAR | permissions, content)
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, name: &str, target: &str) -> Result<()> {
        self.entry(name, SYMLINK, target.as_bytes())
    }

    /// Adds the console's device node, which the kernel opens for the first program.
    pub(crate) fn console(&mut self, name: &str) -> Result<()> {
        let builder = self
            .builder(name, CHARACTER_DEVICE)
            .rdev_major(5)
            .rdev_minor(1);
        builder.write(&mut self.bytes, 0).finish()?;
        Ok(())
    }

    /// The archive by gzip.
    pub(crate) fn compressed(self) -> Result<Vec<u8>> {
        let bytes = newc::trailer(self.bytes)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes)?;
        Ok(encoder.finish()?)
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) -> Result<()> {
        let builder = self.builder(name, mode);
        let mut writer = builder.write(&mut self.bytes, u32::try_from(content.len())?);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(())
    }

    fn builder(&mut self, name: &str, mode: u32) -> Builder {
        let inode = self.next_inode;
        self.next_inode += 1;
        Builder::new(name).ino(inode).mode(mode).nlink(1)
    }
}
