//! Loop devices: block devices that stand for files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use ringwall_guestfile::Access;
use rustix::io::Errno;

use super::DeviceNumber;
use crate::sys;

const CONTROL: &str = "/dev/loop-control";
/// How often another program may take the free device before we do.
const ATTEMPTS: usize = 16;

/// A loop device that we hold open. It frees itself when the last one closes it, we or the back
/// end: so nothing is left when this process dies, and a disk that a guest uses stays.
#[derive(Debug)]
pub struct LoopDevice {
    file: File,
    path: PathBuf,
    number: DeviceNumber,
}

impl LoopDevice {
    /// Lets a free loop device stand for `file`, with direct I/O where its file system can.
    pub(super) fn set_up(file: &File, name: &Path, access: Access) -> io::Result<Self> {
        let control = OpenOptions::new().read(true).write(true).open(CONTROL)?;
        let direction = match access {
            Access::ReadOnly => sys::LOOP_READ_ONLY,
            Access::ReadWrite => 0,
        };
        // Without direct I/O a guest's blocks would be cached twice, by dom0 too. The kernel falls back
        // by itself.
        let flags = sys::LOOP_AUTOCLEAR | sys::LOOP_DIRECT_IO | direction;
        for _ in 0..ATTEMPTS {
            let path = PathBuf::from(format!("/dev/loop{}", sys::free_loop(&control)?));
            let writes = access == Access::ReadWrite;
            let device = OpenOptions::new().read(true).write(writes).open(&path)?;
            match sys::configure_loop(&device, file, flags, file_name(name)) {
                Ok(()) => {
                    let number = DeviceNumber::of(device.metadata()?.rdev());
                    return Ok(Self {
                        file: device,
                        path,
                        number,
                    });
                }
                Err(Errno::BUSY) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other(
            "other programs take every free loop device",
        ))
    }

    /// Its number, as the back end wants it.
    #[must_use]
    pub fn number(&self) -> DeviceNumber {
        self.number
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether writes go past dom0's page cache.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        let status = sys::loop_status(&self.file);
        status.is_ok_and(|status| status.flags & sys::LOOP_DIRECT_IO != 0)
    }
}

/// A loop device that stands for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InUse {
    pub(super) number: DeviceNumber,
    /// Device and inode of the file.
    pub(super) file: (u64, u64),
    pub(super) access: Access,
}

/// All loop devices that stand for a file.
pub(super) fn in_use() -> io::Result<Vec<InUse>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/sys/block")? {
        let name = entry?.file_name();
        let is_loop = name.to_str().is_some_and(|name| name.starts_with("loop"));
        // Free ones have no such directory; opening a device by its number would make it.
        if is_loop && Path::new("/sys/block").join(&name).join("loop").exists() {
            found.extend(look(&Path::new("/dev").join(&name))?);
        }
    }
    Ok(found)
}

/// What one stands for, if it does.
fn look(path: &Path) -> io::Result<Option<InUse>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let status = match sys::loop_status(&file) {
        Ok(status) if metadata.file_type().is_block_device() => status,
        // It was freed meanwhile.
        Ok(_) | Err(Errno::NXIO) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(InUse {
        number: DeviceNumber::of(metadata.rdev()),
        file: (status.device, status.inode),
        access: match status.flags & sys::LOOP_READ_ONLY {
            0 => Access::ReadWrite,
            _ => Access::ReadOnly,
        },
    }))
}

/// The name for `losetup` to show: its end, if it is too long.
fn file_name(path: &Path) -> [u8; 64] {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut name = [0; 64];
    let length = bytes.len().min(name.len() - 1);
    let tail = bytes.get(bytes.len() - length..).unwrap_or_default();
    if let Some(place) = name.get_mut(..length) {
        place.copy_from_slice(tail);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_end() {
        let name = file_name(Path::new(&format!("/{}/disk.img", "x".repeat(90))));
        assert!(name.starts_with(b"xx") && name.ends_with(b"/disk.img\0"));
        assert!(file_name(Path::new("/a")).starts_with(b"/a\0"));
    }

    #[test]
    fn a_file_gets_a_device_and_gives_it_back() {
        if let Err(error) = OpenOptions::new().write(true).open(CONTROL) {
            println!("skipped: no loop devices here: {error}");
            return;
        }
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(1 << 20).unwrap();
        let metadata = image.as_file().metadata().unwrap();
        let ours = |device: &InUse| device.file == (metadata.dev(), metadata.ino());
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let device = LoopDevice::set_up(image.as_file(), image.path(), access).unwrap();
            let found: Vec<_> = in_use().unwrap().into_iter().filter(ours).collect();
            assert_eq!(found.len(), 1);
            assert_eq!(
                (found[0].number, found[0].access),
                (device.number(), access)
            );
            drop(device);
            assert_eq!(in_use().unwrap().iter().filter(|one| ours(one)).count(), 0);
        }
    }
}
