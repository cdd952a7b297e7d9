//! Where the state is kept, who may, and what is there at the start.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;

use super::file::{Content, StateFile};
use crate::engine::{Engine, Record};
use crate::quota::Quota;

/// A new one for each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Between two attempts to keep the state again after one that failed.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps the state in a directory.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    boot: String,
    /// Locked as long as the server runs.
    _lock: File,
    file: Option<StateFile>,
    /// Whether a record found no room.
    is_behind: bool,
    retry_at: Option<Instant>,
}

/// What was found at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// Nothing of this start of the machine.
    Nothing,
    /// A state, and how many records led there from what was written as a whole.
    State { records: usize },
    /// Something that could not be read, and was passed over.
    Damaged,
}

impl Journal {
    /// Takes a directory, and the state that is in it.
    ///
    /// # Errors
    /// The directory can't be made or written, or another server has it.
    pub(crate) fn open(directory: &Path, quota: Quota) -> io::Result<(Self, Engine, Recovered)> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let lock = File::create(directory.join("lock"))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
            let name = directory.display();
            io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("another server uses {name} ({error})"),
            )
        })?;
        let boot = fs::read_to_string(BOOT_ID)?.trim().to_owned();
        let (engine, recovered) = match StateFile::read(&state(directory), &boot) {
            Ok(Content::State(engine, records)) => (*engine, Recovered::State { records }),
            Ok(Content::Damaged) => (Engine::new(quota), Recovered::Damaged),
            Ok(Content::Old) => (Engine::new(quota), Recovered::Nothing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (Engine::new(quota), Recovered::Nothing)
            }
            Err(error) => return Err(error),
        };
        let mut journal = Self {
            directory: directory.to_owned(),
            boot,
            _lock: lock,
            file: None,
            is_behind: true,
            retry_at: None,
        };
        let mut engine = engine;
        journal.write(&mut engine)?;
        Ok((journal, engine, recovered))
    }

    /// Keeps a record. It is kept when [`Journal::settle`] is back.
    pub(crate) fn record(&mut self, record: &Record<'_>) {
        // Records in part are worse than none: the one behind a gap would mean something else.
        if self.is_behind
            || self
                .file
                .as_mut()
                .and_then(|file| file.append(record))
                .is_none()
        {
            self.is_behind = true;
        }
    }

    /// Writes the state as a whole if that is due. To be called when the state is what the records say, and before
    /// anybody learns of it.
    pub(crate) fn settle(&mut self, engine: &mut Engine) {
        let is_long =
            || self.file.as_ref().is_some_and(StateFile::is_long) && !engine.has_transactions();
        if !self.is_behind && !is_long() {
            return;
        }
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        match self.write(engine) {
            Ok(()) => self.retry_at = None,
            Err(error) => {
                let name = self.directory.display();
                log::error!(
                    "the store can't be kept in {name}, and would be lost with this process: {error}"
                );
                self.retry_at = Some(Instant::now() + RETRY);
                // What is old would come back as if it were true.
                self.file = None;
                self.is_behind = true;
                let _ = fs::remove_file(state(&self.directory));
            }
        }
    }

    fn write(&mut self, engine: &mut Engine) -> io::Result<()> {
        let new = self.directory.join("state.new");
        let file = StateFile::create(&new, &self.boot, &engine.image())?;
        fs::rename(&new, state(&self.directory))?;
        self.file = Some(file);
        self.is_behind = false;
        Ok(())
    }
}

fn state(directory: &Path) -> PathBuf {
    directory.join("state")
}
