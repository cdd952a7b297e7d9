//! What lies under a disk: a raw image, or a block device of dom0.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use ringwall_guestfile::Access;

use super::DeviceNumber;
use crate::Error;

/// Bytes of a sector: less is no disk.
const SECTOR: u64 = 512;
/// First bytes of image files that are not raw.
const FORMATS: [(&str, &[u8]); 4] = [
    ("qcow2", b"QFI\xfb"),
    ("VMDK", b"KDMV"),
    ("VHD", b"conectix"),
    ("VHDX", b"vhdxfile"),
];

/// What two disks would share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A file: the number of its device, and its inode.
    File(u64, u64),
    /// A block device.
    Device(DeviceNumber),
}

/// An opened file or device.
#[derive(Debug)]
pub(super) struct Backing {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

impl Backing {
    /// Opens what a guest's disk names, and checks that it can be one.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let fail = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        // The store keeps it, and the daemon may run elsewhere next time.
        let path = path.canonicalize().map_err(fail)?;
        let writes = access == Access::ReadWrite;
        let file = OpenOptions::new().read(true).write(writes).open(&path);
        let mut file = file.map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        let kind = metadata.file_type();
        let identity = if kind.is_file() {
            Identity::File(metadata.dev(), metadata.ino())
        } else if kind.is_block_device() {
            Identity::Device(DeviceNumber::of(metadata.rdev()))
        } else {
            return Err(Error::NoDisk { path });
        };
        // Of a block device too, where the metadata says zero.
        let size = file.seek(SeekFrom::End(0)).map_err(fail)?;
        if size < SECTOR {
            return Err(Error::EmptyDisk { path });
        }
        if let (Identity::File(..), Some(format)) = (identity, format(&mut file).map_err(fail)?) {
            return Err(Error::ImageFormat { path, format });
        }
        Ok(Self {
            file,
            path,
            identity,
        })
    }
}

/// The format of an image that is not raw. A raw image that starts like one is refused too: then its
/// guest could not read what its owner sees.
fn format(file: &mut File) -> io::Result<Option<&'static str>> {
    let mut start = [0; 8];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut start)?;
    let known = FORMATS.iter().find(|(_, magic)| start.starts_with(magic));
    Ok(known.map(|(name, _)| *name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_no_disk_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let open = || Backing::open(&path, Access::ReadOnly);
        assert!(matches!(open(), Err(Error::Open { .. })));
        fs::write(&path, [0; 511]).unwrap();
        assert!(matches!(open(), Err(Error::EmptyDisk { .. })));
        fs::write(&path, [0; 512]).unwrap();
        assert!(matches!(open().unwrap().identity, Identity::File(..)));
        let mut image = vec![0; 1024];
        image[..4].copy_from_slice(b"QFI\xfb");
        fs::write(&path, image).unwrap();
        assert!(matches!(
            open(),
            Err(Error::ImageFormat {
                format: "qcow2",
                ..
            })
        ));
        let directory = Backing::open(directory.path(), Access::ReadOnly);
        assert!(matches!(directory, Err(Error::NoDisk { .. })));
        let null = Backing::open(Path::new("/dev/null"), Access::ReadOnly);
        assert!(matches!(null, Err(Error::NoDisk { .. })));
    }
}
