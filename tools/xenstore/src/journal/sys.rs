//! A file as memory.
// UNSAFETY: a mapped file changes when others write it.
#![expect(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::MmapMut;

/// Maps the whole of a file for reading and writing.
///
/// The file has to be the caller's own: one that is locked or that nobody else can name.
pub(super) fn map(file: &File) -> io::Result<MmapMut> {
    // SAFETY: nobody else writes or truncates the file: it lies in a directory that the server has locked and
    // that is its user's alone, which `Journal::open` sees to. Its space is allocated, so that no access fails.
    unsafe { MmapMut::map_mut(file) }
}
