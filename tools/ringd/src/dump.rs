//! Writing domains' memory to files.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringwall_abi::DomainId;
use ringwall_api::{EventKind, Failure, Kind, Result};
use ringwall_builder::DumpError;

use crate::daemon::Daemon;
use crate::domain::Record;
use crate::failure::{IntoFailure as _, OrFail as _};

/// The domains whose memory is being written just now. They are held: nobody pauses or unpauses them meanwhile.
#[derive(Default)]
pub(crate) struct Dumps {
    held: Mutex<BTreeSet<u16>>,
}

impl Dumps {
    /// Fails for a domain that is held.
    pub(crate) fn check(&self, domain: DomainId, name: &str) -> Result<()> {
        match self.lock().contains(&domain.raw()) {
            true => Err(busy(name)),
            false => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u16>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn busy(name: &str) -> Failure {
    let message = format!("the memory of {name} is being written to a file: try again after that");
    Failure::new(Kind::InUse, message)
}

/// A domain that does not run as long as this is there.
struct Held<'a> {
    daemon: &'a Daemon,
    domain: DomainId,
}

impl<'a> Held<'a> {
    fn new(daemon: &'a Daemon, domain: DomainId, name: &str) -> Result<Self> {
        if !daemon.dumps.lock().insert(domain.raw()) {
            return Err(busy(name));
        }
        let held = Self { daemon, domain };
        // The hypervisor counts pauses: this is one more for a domain that is paused.
        daemon.hypervisor.pause_domain(domain).or_fail()?;
        Ok(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // A domain that is gone has nothing to be let run.
        let _ = self.daemon.hypervisor.unpause_domain(self.domain);
        self.daemon.dumps.lock().remove(&self.domain.raw());
    }
}

/// Writes a domain's memory to a file: all of it, or there is no file. The domain does not run meanwhile.
pub(crate) fn dump(daemon: &Daemon, domain: DomainId, name: &str, path: &Path) -> Result<()> {
    // A device or a pipe must not be replaced by a file.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        let message = format!(
            "{} is there and is no file: name another one",
            path.display()
        );
        return Err(Failure::new(Kind::BadInput, message));
    }
    let held = Held::new(daemon, domain, name)?;
    let partial = Partial::create(path).map_err(|error| failed(path, &error))?;
    let mut writer = BufWriter::with_capacity(1 << 20, &partial.file);
    let written = ringwall_builder::dump(&daemon.hypervisor, domain, &mut writer)
        .and_then(|_| Ok(writer.flush()?));
    drop(writer);
    drop(held);
    match written {
        Ok(()) => partial.finish().map_err(|error| failed(path, &error))?,
        Err(DumpError::File(error)) => return Err(failed(path, &error)),
        Err(DumpError::Hypervisor(error)) => return Err(error.into_failure()),
        Err(error) => return Err(Failure::new(Kind::Refused, error.to_string())),
    }
    let detail = path.display().to_string();
    daemon
        .events
        .add(domain.raw(), name, EventKind::Dumped, detail);
    Ok(())
}

/// Writes the memory of a domain that ended, where its policy asks for it. The newest core of a name replaces
/// the one before, so that a domain that crashes again and again does not fill dom0's disk.
pub(crate) fn dump_ended(daemon: &Daemon, record: &Record) {
    let directory = daemon.dump_directory();
    let path = directory.join(format!("{}.core", record.name));
    let dumped = fs::create_dir_all(directory)
        .map_err(|error| failed(directory, &error))
        .and_then(|()| dump(daemon, record.domain(), &record.name, &path));
    if let Err(failure) = dumped {
        let detail = failure.context("its memory was not dumped").message;
        daemon
            .events
            .add(record.id, &record.name, EventKind::Failed, detail);
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let (kind, remedy) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            (Kind::NoRoom, "make room, or name a file elsewhere")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            (Kind::BadInput, "its directory has to be there")
        }
        _ => (Kind::Failed, "name a file elsewhere"),
    };
    Failure::new(
        kind,
        format!("{} can't be written: {error}: {remedy}", path.display()),
    )
}

/// A file in the making, which is removed unless it is finished.
struct Partial {
    file: File,
    path: PathBuf,
    wanted: PathBuf,
}

impl Partial {
    fn create(wanted: &Path) -> io::Result<Self> {
        let mut path = wanted.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        // A guest's memory has its secrets.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self {
            file,
            path,
            wanted: wanted.to_path_buf(),
        })
    }

    fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.wanted)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `finish` it has another name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let wanted = directory.path().join("a.core");
        let mut partial = Partial::create(&wanted).unwrap();
        partial.file.write_all(b"half").unwrap();
        drop(partial);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let mut partial = Partial::create(&wanted).unwrap();
        partial.file.write_all(b"whole").unwrap();
        partial.finish().unwrap();
        assert_eq!(fs::read(&wanted).unwrap(), b"whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let mode = fs::metadata(&wanted).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn failures_say_what_to_do() {
        for (kind, expected) in [
            (ErrorKind::StorageFull, Kind::NoRoom),
            (ErrorKind::NotFound, Kind::BadInput),
            (ErrorKind::PermissionDenied, Kind::Failed),
        ] {
            let failure = failed(Path::new("/a"), &kind.into());
            assert_eq!(failure.kind, expected, "{failure}");
        }
    }
}
