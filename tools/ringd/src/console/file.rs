//! A console's log: lines with the time of their first byte, in a file that is changed for a new one when it is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A file's size at which the next one is begun, in bytes. The one before is kept as `NAME.log.1`.
const SIZE_LIMIT: u64 = 1 << 20;

/// Where a log stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LogPlace {
    /// The file, by its inode; 0 for none.
    pub(super) inode: u64,
    /// Its size, in bytes.
    pub(super) size: u64,
    /// Whether the next byte starts a line.
    pub(super) at_start: bool,
}

/// The file that is written.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    /// Whether the next byte starts a line.
    at_start: bool,
}

impl LogFile {
    /// Opens the file, or makes it. Failing to is named in the log and loses lines, not domains.
    pub(super) fn open(path: &Path) -> Self {
        let mut log = Self {
            path: path.to_path_buf(),
            file: None,
            size: 0,
            at_start: true,
        };
        log.reopen();
        log
    }

    /// Appends bytes that came at this time.
    pub(super) fn append(&mut self, bytes: &[u8], time_ms: u64) {
        let mut text = Vec::with_capacity(bytes.len() + 64);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.at_start {
                text.extend_from_slice(stamp(time_ms).as_bytes());
                text.push(b' ');
            }
            text.extend_from_slice(line);
            self.at_start = line.ends_with(b"\n");
        }
        self.write(&text);
        // A line is not cut in two: how long it may be is bounded nevertheless.
        if self.size > SIZE_LIMIT && (self.at_start || self.size > 2 * SIZE_LIMIT) {
            self.rotate();
        }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> LogPlace {
        let metadata = self.file.as_ref().and_then(|file| file.metadata().ok());
        LogPlace {
            inode: metadata.map_or(0, |metadata| metadata.ino()),
            size: self.size,
            at_start: self.at_start,
        }
    }

    /// Goes on where a predecessor's log stood, without what it wrote behind that; whether it is in this file.
    pub(super) fn go_back(&mut self, place: LogPlace) -> bool {
        let is_here = self.place().inode == place.inode && self.size >= place.size;
        if let (Some(file), true) = (&self.file, is_here) {
            if let Err(error) = file.set_len(place.size) {
                log::error!("{}: {error}", self.path.display());
            }
            self.size = place.size;
            self.at_start = place.at_start;
        }
        is_here
    }

    /// Ends a line that is not complete.
    pub(super) fn end_line(&mut self) {
        if !self.at_start {
            self.write(b"\n");
            self.at_start = true;
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it another name.
    pub(super) fn rename(&mut self, path: &Path) {
        self.end_line();
        for (from, to) in [
            (older(&self.path), older(path)),
            (self.path.clone(), path.to_path_buf()),
        ] {
            if let Err(error) = fs::rename(&from, &to)
                && error.kind() != io::ErrorKind::NotFound
            {
                log::error!("{} can't be renamed: {error}", from.display());
            }
        }
        self.path = path.to_path_buf();
        self.reopen();
    }

    fn write(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        match file.write_all(bytes) {
            Ok(()) => self.size = self.size.saturating_add(bytes.len() as u64),
            Err(error) => {
                log::error!(
                    "{} can't be written: {error}; its lines are lost",
                    self.path.display()
                );
                self.file = None;
            }
        }
    }

    fn rotate(&mut self) {
        self.end_line();
        if let Err(error) = fs::rename(&self.path, older(&self.path)) {
            log::error!("{} can't be renamed: {error}", self.path.display());
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path);
        match opened.and_then(|file| Ok((file.metadata()?.len(), file))) {
            Ok((size, file)) => (self.size, self.file) = (size, Some(file)),
            Err(error) => {
                log::error!(
                    "{} can't be opened: {error}; its lines are lost",
                    self.path.display()
                );
                self.file = None;
            }
        }
    }
}

/// The file before.
fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn stamp(time_ms: u64) -> String {
    let bounded = time_ms.min(253_402_300_799_000);
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(bounded)).to_string()
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time_ms: u64,
    pub(crate) text: String,
}

/// Reads a log from its start, and goes on as it grows, also into the next file.
#[derive(Debug)]
pub(crate) struct LogReader {
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// A line whose end is not there yet.
    partial: Vec<u8>,
}

impl LogReader {
    /// Reads the log of this name, the file before first.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let first = File::open(older(path)).or_else(|_| File::open(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            file: Some(BufReader::new(first)),
            partial: Vec::new(),
        })
    }

    /// The next line that is complete.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(file) = &mut self.file {
                file.read_until(b'\n', &mut self.partial)?;
                if self.partial.ends_with(b"\n") {
                    let bytes = std::mem::take(&mut self.partial);
                    return Ok(Some(parse(&bytes)));
                }
            }
            if !self.advance()? {
                return Ok(None);
            }
        }
    }

    /// What is there of a line without an end.
    pub(crate) fn rest(&mut self) -> Option<Line> {
        let bytes = std::mem::take(&mut self.partial);
        (!bytes.is_empty()).then(|| parse(&bytes))
    }

    /// Turns to the next file, if this one is no more the one that is written.
    fn advance(&mut self) -> io::Result<bool> {
        let Ok(next) = File::open(&self.path) else {
            return Ok(false);
        };
        if let Some(file) = &mut self.file {
            let (old, new) = (file.get_ref().metadata()?, next.metadata()?);
            if (old.dev(), old.ino()) == (new.dev(), new.ino()) {
                // A reader at the end of a file sees nothing more of it without this.
                let position = file.stream_position()?;
                file.seek(io::SeekFrom::Start(position))?;
                return Ok(false);
            }
        }
        self.file = Some(BufReader::new(next));
        Ok(true)
    }
}

/// Takes a line apart; one without a time has time 0.
fn parse(bytes: &[u8]) -> Line {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    let time = humantime::parse_rfc3339(time).ok();
    let time = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    match time {
        None => Line {
            time_ms: 0,
            text: text.to_owned(),
        },
        Some(time) => Line {
            time_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            text: rest.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(reader: &mut LogReader) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(line) = reader.next().unwrap() {
            texts.push(format!("{} {}", line.time_ms, line.text));
        }
        texts
    }

    #[test]
    fn lines_have_the_time_of_their_first_byte() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let mut log = LogFile::open(&path);
        log.append(b"one\r\ntw", 1000);
        let mut reader = LogReader::open(&path).unwrap();
        assert_eq!(texts(&mut reader), ["1000 one"]);
        log.append(b"o\nthree", 2000);
        assert_eq!(texts(&mut reader), ["1000 two"]);
        log.end_line();
        assert_eq!(texts(&mut reader), ["2000 three"]);
        log.append(b"rest", 3000);
        assert_eq!(texts(&mut reader), [""; 0]);
        assert_eq!(reader.rest().map(|line| line.text), Some("rest".to_owned()));
    }

    #[test]
    fn a_full_file_is_changed_and_readers_follow() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let mut log = LogFile::open(&path);
        log.append(b"first\n", 0);
        let mut reader = LogReader::open(&path).unwrap();
        assert_eq!(texts(&mut reader), ["0 first"]);
        let line = [b'x'; 1000];
        for _ in 0..1100 {
            log.append(&line, 0);
            log.append(b"\n", 0);
        }
        log.append(b"last\n", 0);
        let found = texts(&mut reader);
        assert_eq!(found.len(), 1101);
        assert_eq!(found.last().map(String::as_str), Some("0 last"));
        assert!(fs::metadata(older(&path)).unwrap().len() > SIZE_LIMIT);
        // Endless lines don't make endless files.
        for _ in 0..5000 {
            log.append(&line, 0);
        }
        assert!(fs::metadata(&path).unwrap().len() <= 2 * SIZE_LIMIT);
    }
}
