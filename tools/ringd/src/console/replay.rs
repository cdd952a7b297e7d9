//! The file from which a successor of this process knows what a console said, and how far that was done with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::file::LogPlace;

/// What each frame starts with.
const MAGIC: u32 = 0x5257_4346;
/// The log has the frame's bytes.
const IS_LOGGED: u32 = 1;
/// The log was at the start of a line.
const AT_START: u32 = 2;

/// Before the bytes of each frame.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Header {
    magic: U32,
    length: U32,
    /// The ring's index behind the bytes.
    position: U32,
    flags: U32,
    time_ms: U64,
    log_inode: U64,
    log_size: U64,
}

/// Bytes that were taken from the ring at once. They are written down before the ring lets them go and before the log
/// has them: so that a successor does for the last frame, and for no other, what may be undone.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) bytes: &'a [u8],
    /// The ring's index behind them.
    pub(super) position: u32,
    pub(super) time_ms: u64,
    /// Where the log stood before them, or stands behind them if it has them.
    pub(super) log: LogPlace,
    pub(super) is_logged: bool,
}

/// The file: frames, the oldest bytes cut off at times.
#[derive(Debug)]
pub(super) struct Replay {
    path: PathBuf,
    file: Option<File>,
    size: u64,
}

impl Replay {
    /// Opens the file, or makes it; `each` is told of the frames that are there. Where the last one is not whole,
    /// this process's predecessor was killed while it wrote it, and it is cut off.
    pub(super) fn open(path: &Path, mut each: impl FnMut(&Frame<'_>)) -> Self {
        let content = fs::read(path).unwrap_or_default();
        let mut rest = content.as_slice();
        while let Some((frame, behind)) = parse(rest) {
            each(&frame);
            rest = behind;
        }
        let mut replay = Self::empty(path);
        if !rest.is_empty() {
            let whole = (content.len() - rest.len()) as u64;
            replay.change(|file| file.set_len(whole));
            replay.size = whole;
        }
        replay
    }

    fn empty(path: &Path) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file
            .inspect_err(|error| log::error!("{}: {error}", path.display()))
            .ok();
        let metadata = file.as_ref().and_then(|file| file.metadata().ok());
        Self {
            path: path.to_path_buf(),
            file,
            size: metadata.map_or(0, |data| data.len()),
        }
    }

    pub(super) fn append(&mut self, frame: &Frame<'_>) {
        let bytes = frame.encode();
        self.change(|file| file.write_all(&bytes));
        self.size = self.size.saturating_add(bytes.len() as u64);
    }

    /// Its size, in bytes.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Puts one frame in place of all.
    pub(super) fn replace(&mut self, frame: &Frame<'_>) {
        let partial = self.path.with_extension("partial");
        let written =
            fs::write(&partial, frame.encode()).and_then(|()| fs::rename(&partial, &self.path));
        if let Err(error) = written {
            log::error!("{}: {error}", self.path.display());
        }
        *self = Self::empty(&self.path);
    }

    pub(super) fn remove(&mut self) {
        self.file = None;
        let _ = fs::remove_file(&self.path);
    }

    fn change(&mut self, change: impl FnOnce(&mut File) -> io::Result<()>) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = change(file) {
            log::error!("{}: {error}", self.path.display());
            self.file = None;
        }
    }
}

impl Frame<'_> {
    fn encode(&self) -> Vec<u8> {
        let flag = |holds, flag| if holds { flag } else { 0 };
        let flags = flag(self.is_logged, IS_LOGGED) | flag(self.log.at_start, AT_START);
        let header = Header {
            magic: U32::new(MAGIC),
            length: U32::new(u32::try_from(self.bytes.len()).unwrap_or(0)),
            position: U32::new(self.position),
            flags: U32::new(flags),
            time_ms: U64::new(self.time_ms),
            log_inode: U64::new(self.log.inode),
            log_size: U64::new(self.log.size),
        };
        // One write for all of it.
        [header.as_bytes(), self.bytes].concat()
    }
}

/// The first frame, and what is behind it.
fn parse(content: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (header, rest) = Header::read_from_prefix(content).ok()?;
    let length = usize::try_from(header.length.get()).ok()?;
    let (bytes, rest) = rest.split_at_checked(length)?;
    let flags = header.flags.get();
    let frame = Frame {
        bytes,
        position: header.position.get(),
        time_ms: header.time_ms.get(),
        log: LogPlace {
            inode: header.log_inode.get(),
            size: header.log_size.get(),
            at_start: flags & AT_START != 0,
        },
        is_logged: flags & IS_LOGGED != 0,
    };
    (header.magic.get() == MAGIC).then_some((frame, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: &[u8], position: u32) -> Frame<'_> {
        Frame {
            bytes,
            position,
            time_ms: 7,
            log: LogPlace::default(),
            is_logged: false,
        }
    }

    fn texts(path: &Path) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        drop(Replay::open(path, |frame| {
            let text = String::from_utf8_lossy(frame.bytes).into_owned();
            found.push((text, frame.position));
        }));
        found
    }

    #[test]
    fn what_is_not_whole_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1");
        let mut replay = Replay::open(&path, |_| panic!("a frame in a new file"));
        replay.append(&frame(b"one", 3));
        let whole = replay.size();
        replay.append(&frame(b"two", 6));
        let all = fs::read(&path).unwrap();
        for length in usize::try_from(whole).unwrap() + 1..all.len() {
            fs::write(&path, &all[..length]).unwrap();
            assert_eq!(texts(&path), [("one".to_owned(), 3)], "{length}");
            assert_eq!(fs::metadata(&path).unwrap().len(), whole);
        }
        let mut replay = Replay::open(&path, |_| {});
        replay.append(&frame(b"three", 8));
        replay.replace(&frame(b"ree", 8));
        assert_eq!(texts(&path), [("ree".to_owned(), 8)]);
    }
}
