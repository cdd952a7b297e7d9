//! The initial ram disk: a file that is copied as it is.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::BuildError;

/// An initrd's file, opened.
#[derive(Debug)]
pub struct Initrd {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Initrd {
    /// Opens the file.
    ///
    /// # Errors
    /// [`BuildError::File`].
    pub fn open(path: &Path) -> Result<Self, BuildError> {
        let refused = |error| BuildError::file("initrd", path, error);
        let file = File::open(path).map_err(refused)?;
        let data = file.metadata().map_err(refused)?;
        if !data.is_file() {
            return Err(refused(std::io::ErrorKind::InvalidInput.into()));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            size: data.len(),
        })
    }

    /// Its size in bytes, when it was opened.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Reads bytes of it.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), BuildError> {
        self.file
            .read_exact_at(into, offset)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => BuildError::InitrdChanged(self.path.clone()),
                _ => BuildError::file("initrd", &self.path, error),
            })
    }
}
