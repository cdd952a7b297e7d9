//! A file of records that is written as memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use memmap2::MmapMut;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::sys;

/// Bytes before a record's own: its length and its checksum.
const PREFIX: usize = 8;

/// A file whose space is there. It starts as zeros, and ends at the first record that is not whole.
#[derive(Debug)]
pub(super) struct Records {
    map: MmapMut,
    end: usize,
}

impl Records {
    /// Makes a file of `size` bytes, in place of what was there.
    pub(super) fn create(path: &Path, size: usize) -> io::Result<Self> {
        let _ = std::fs::remove_file(path);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let length = u64::try_from(size).map_err(io::Error::other)?;
        // Without it a full file system would be a bus error on some later access.
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length) {
            // ramfs, where an initrd may be unpacked, takes space by writing alone.
            Err(Errno::OPNOTSUPP) => drop(io::copy(&mut io::repeat(0).take(length), &mut &file)?),
            result => result?,
        }
        Ok(Self {
            map: sys::map(&file)?,
            end: 0,
        })
    }

    /// Opens a file that was made by [`Records::create`], to be read from its start.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self {
            map: sys::map(&file)?,
            end: 0,
        })
    }

    /// Bytes that are taken.
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// Appends a record that `write` puts into the room that it gets, answering how much it took; `None` where
    /// that was not enough.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<()> {
        let start = self.end.checked_add(PREFIX)?;
        let length = write(self.map.get_mut(start..)?)?;
        let end = start.checked_add(length)?;
        let checksum = crc32fast::hash(self.map.get(start..end)?);
        let prefix = self.map.get_mut(self.end..start)?;
        let (size, sum) = prefix.split_at_mut_checked(4)?;
        size.copy_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
        sum.copy_from_slice(&checksum.to_le_bytes());
        self.end = end;
        Some(())
    }

    /// The next record, or `None` at the end.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let start = self.end.checked_add(PREFIX)?;
        let prefix = self.map.get(self.end..start)?;
        let (size, sum) = prefix.split_at_checked(4)?;
        let size = u32::from_le_bytes(size.try_into().ok()?);
        let sum = u32::from_le_bytes(sum.try_into().ok()?);
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        let record = self.map.get(start..end)?;
        if size == 0 || crc32fast::hash(record) != sum {
            return None;
        }
        self.end = end;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(records: &mut Records, bytes: &[u8]) -> Option<()> {
        records.append(|room| {
            room.get_mut(..bytes.len())?.copy_from_slice(bytes);
            Some(bytes.len())
        })
    }

    #[test]
    fn records_end_where_they_do_not_fit_or_are_torn() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("records");
        let mut records = Records::create(&path, 64).expect("a file");
        assert_eq!(append(&mut records, b"one"), Some(()));
        assert_eq!(append(&mut records, &[7; 30]), Some(()));
        assert_eq!(append(&mut records, &[7; 30]), None);
        assert_eq!(append(&mut records, b"two"), Some(()));
        drop(records);
        let mut bytes = std::fs::read(&path).expect("the file");
        let mut read = Records::open(&path).expect("the file");
        assert_eq!(read.next(), Some(&b"one"[..]));
        assert_eq!(read.next(), Some(&[7; 30][..]));
        assert_eq!(read.next(), Some(&b"two"[..]));
        assert_eq!(read.next(), None);
        drop(read);
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).expect("the file");
        let mut read = Records::open(&path).expect("the file");
        assert_eq!(read.next(), Some(&b"one"[..]));
        assert_eq!(read.next(), None);
    }
}
