//! Kernels that were unpacked before.
//!
//! Unpacking takes most of the time of making a Linux domain. What a kernel unpacks to depends on nothing but its
//! packed bytes, so these are its name here, by a hash of 128 bits and their length: a kernel that is replaced,
//! under whatever path and time, is another one. The directory belongs to the one who builds; only what is found
//! whole is used.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::process::geteuid;

use super::format;
use super::image::{Facts, KernelImage, Part};

/// What all files of a cache take, at most, in bytes.
const LIMIT: u64 = 256 << 20;

/// A directory of unpacked kernels.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    limit: u64,
}

/// A kernel's place in the cache.
pub(super) struct Entry<'a> {
    cache: &'a Cache,
    file: PathBuf,
}

impl Cache {
    /// The cache in `directory`, which is made when something is put there; best where a restart empties it, as in
    /// `/run`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            limit: LIMIT,
        }
    }

    /// The place of the kernel with these packed bytes.
    pub(super) fn entry(&self, packed: &[u8]) -> Entry<'_> {
        let hash = xxhash_rust::xxh3::xxh3_128(packed);
        let name = format!("{hash:032x}-{:x}.kernel", packed.len());
        Entry {
            cache: self,
            file: self.directory.join(name),
        }
    }

    /// Makes the directory, for its owner alone; `None` if it is another's.
    fn prepare(&self) -> Option<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.directory).ok()?;
        self.is_ours().then_some(())
    }

    /// Whether nobody else can have put something there.
    fn is_ours(&self) -> bool {
        fs::symlink_metadata(&self.directory).is_ok_and(|data| {
            data.is_dir() && data.uid() == geteuid().as_raw() && data.mode() & 0o022 == 0
        })
    }

    /// Removes what was not used for longest until `size` bytes more fit.
    fn make_room(&self, size: u64) -> Option<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(&self.directory)
            .ok()?
            .flatten()
            .filter_map(|entry| {
                let data = entry.metadata().ok()?;
                Some((data.modified().ok()?, data.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files {
            if total.saturating_add(size) <= self.limit {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total -= length;
            }
        }
        (total.saturating_add(size) <= self.limit).then_some(())
    }
}

impl Entry<'_> {
    /// The kernel, if it is there.
    pub(super) fn read(&self) -> Option<(Facts, Vec<Part>, File)> {
        if !self.cache.is_ours() {
            return None;
        }
        let file = File::open(&self.file).ok()?;
        let length = file.metadata().ok()?.len();
        let mut start = vec![0; format::MAX_START.min(usize::try_from(length).ok()?)];
        file.read_exact_at(&mut start, 0).ok()?;
        let (facts, parts) = format::decode(&start, length)?;
        // Used now: the last to be removed.
        let _ = file.set_modified(SystemTime::now());
        Some((facts, parts, file))
    }

    /// Puts the kernel there; if that fails, there is none the next time.
    pub(super) fn write(&self, kernel: &KernelImage, image: &[u8]) {
        let _ = self.try_write(kernel, image);
    }

    fn try_write(&self, kernel: &KernelImage, image: &[u8]) -> Option<()> {
        self.cache.prepare()?;
        let start = format::encode(&kernel.facts, &kernel.parts);
        let bytes = kernel.parts.iter().map(|part| {
            let start = usize::try_from(part.bytes.start).ok()?;
            let end = usize::try_from(part.bytes.end).ok()?;
            image.get(start..end)
        });
        let bytes: Vec<&[u8]> = bytes.collect::<Option<_>>()?;
        let size = start.len() + bytes.iter().map(|bytes| bytes.len()).sum::<usize>();
        self.cache.make_room(size as u64)?;
        // Under its name only when it is whole. Two who write the same at once each have a file of their own.
        let partial = self.file.with_extension(format!("{}", std::process::id()));
        let written =
            write_all(&partial, &start, &bytes).and_then(|()| fs::rename(&partial, &self.file));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.ok()
    }
}

fn write_all(path: &Path, start: &[u8], parts: &[&[u8]]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(start)?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(())
}
