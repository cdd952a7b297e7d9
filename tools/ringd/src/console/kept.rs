//! What a console said: kept in memory up to a limit, and in a file that this process's successor finds.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::file::LogFile;
use super::replay::{Frame, Replay};

/// Bytes that are kept of a console.
const KEPT: usize = 256 << 10;
/// Bytes of input that wait for the domain.
const INPUT_LIMIT: usize = 64 << 10;

/// A domain's console, over its restarts.
#[derive(Debug)]
pub(crate) struct Console {
    inner: Mutex<Inner>,
    more: Condvar,
}

#[derive(Debug)]
struct Inner {
    bytes: VecDeque<u8>,
    /// All that was ever written.
    total: u64,
    /// The ring's index behind what was taken from it; `None` before that.
    position: Option<u32>,
    replay: Replay,
    log: LogFile,
    input: VecDeque<u8>,
    attached: u32,
    /// No more will come.
    ended: bool,
}

impl Console {
    /// A console whose log is `log`; `replay` is the file that its successor finds, and what is in it was said
    /// before.
    pub(crate) fn open(log: &Path, replay: &Path) -> Self {
        let mut log = LogFile::open(log);
        let mut said = Vec::new();
        let (mut last, mut last_start) = (None, 0);
        let replay = Replay::open(replay, |frame| {
            last = Some((frame.position, frame.log, frame.is_logged, frame.time_ms));
            last_start = said.len();
            said.extend_from_slice(frame.bytes);
        });
        if let Some((_, place, is_logged, time_ms)) = last
            && log.go_back(place)
            && !is_logged
        {
            log.append(said.get(last_start..).unwrap_or_default(), time_ms);
        }
        let kept = said.len().saturating_sub(KEPT);
        Self {
            inner: Mutex::new(Inner {
                total: said.len() as u64,
                bytes: said.into_iter().skip(kept).collect(),
                position: last.map(|(position, ..)| position),
                replay,
                log,
                input: VecDeque::new(),
                attached: 0,
                ended: false,
            }),
            more: Condvar::new(),
        }
    }

    /// The ring's index behind what was taken from it, if anything was.
    pub(super) fn position(&self) -> Option<u32> {
        self.lock().position
    }

    /// Takes what the domain wrote, up to an index of its ring. When this comes back, that is written down.
    pub(super) fn append(&self, bytes: &[u8], position: u32, time_ms: u64) {
        let mut inner = self.lock();
        let log = inner.log.place();
        inner.replay.append(&Frame {
            bytes,
            position,
            time_ms,
            log,
            is_logged: false,
        });
        inner.log.append(bytes, time_ms);
        inner.bytes.extend(bytes);
        inner.position = Some(position);
        inner.total = inner.total.saturating_add(bytes.len() as u64);
        let excess = inner.bytes.len().saturating_sub(KEPT);
        inner.bytes.drain(..excess);
        if inner.replay.size() > 2 * KEPT as u64 {
            inner.cut_replay(position, time_ms);
        }
        self.more.notify_all();
    }

    /// Says that the domain is gone: whoever is attached learns it.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        inner.log.end_line();
        inner.replay.remove();
        self.more.notify_all();
    }

    /// Starts anew with the domain that follows a restart.
    pub(crate) fn restart(&self, replay: &Path) {
        let mut inner = self.lock();
        inner.log.end_line();
        inner.replay.remove();
        inner.replay = Replay::open(replay, |_| {});
        inner.position = None;
        inner.input.clear();
    }

    /// What was said from byte `from` on, as far as it is kept, the place to go on from, and whether that is all
    /// for ever. Waits for a byte, for `patience`.
    pub(crate) fn since(&self, from: u64, patience: Duration) -> (Vec<u8>, u64, bool) {
        let mut inner = self.lock();
        if inner.total <= from && !inner.ended && !patience.is_zero() {
            let waited = self.more.wait_timeout(inner, patience);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let first = inner.total.saturating_sub(inner.bytes.len() as u64);
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let bytes = inner.bytes.iter().skip(skipped).copied().collect();
        (bytes, inner.total, inner.ended)
    }

    /// Whether no more will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Waits until there is something new, for `patience`.
    pub(crate) fn wait(&self, patience: Duration) {
        let inner = self.lock();
        if !inner.ended {
            drop(self.more.wait_timeout(inner, patience));
        }
    }

    /// Adds input for the domain, as much as there is room for; how much that was.
    pub(crate) fn type_in(&self, bytes: &[u8]) -> usize {
        let mut inner = self.lock();
        let room = INPUT_LIMIT.saturating_sub(inner.input.len());
        let taken = bytes.len().min(room);
        inner.input.extend(bytes.iter().take(taken));
        taken
    }

    /// Hands the waiting input to `take`, which answers how much of it it took.
    pub(super) fn with_input(&self, take: impl FnOnce(&[u8]) -> usize) {
        let mut inner = self.lock();
        if inner.input.is_empty() {
            return;
        }
        let taken = take(inner.input.make_contiguous());
        inner.input.drain(..taken);
    }

    /// Counts a client in, until the result is dropped.
    pub(crate) fn attach(&self) -> Attached<'_> {
        self.lock().attached += 1;
        Attached { console: self }
    }

    /// Bytes written, clients attached, and the log's name.
    pub(crate) fn facts(&self) -> (u64, u32, PathBuf) {
        let inner = self.lock();
        (inner.total, inner.attached, inner.log.path().to_path_buf())
    }

    /// Gives the log another name.
    pub(crate) fn rename_log(&self, path: &Path) {
        self.lock().log.rename(path);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Keeps the end alone.
    fn cut_replay(&mut self, position: u32, time_ms: u64) {
        let log = self.log.place();
        self.replay.replace(&Frame {
            bytes: self.bytes.make_contiguous(),
            position,
            time_ms,
            log,
            is_logged: true,
        });
    }
}

/// A client that is attached.
pub(crate) struct Attached<'a> {
    console: &'a Console,
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        let mut inner = self.console.lock();
        inner.attached = inner.attached.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_replayed_also_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let (log, replay) = (
            directory.path().join("log"),
            directory.path().join("replay"),
        );
        let console = Console::open(&log, &replay);
        console.append(b"hello ", 6, 0);
        let (said, next, ended) = console.since(0, Duration::ZERO);
        assert_eq!((said.as_slice(), next, ended), (&b"hello "[..], 6, false));
        console.append(b"world", 11, 0);
        assert_eq!(console.since(next, Duration::ZERO).0, b"world");
        drop(console);
        let console = Console::open(&log, &replay);
        assert_eq!(console.since(0, Duration::ZERO).0, b"hello world");
        assert_eq!(console.position(), Some(11));
        console.end();
        assert!(console.since(11, Duration::from_secs(9)).2);
        assert!(!replay.exists());
    }

    #[test]
    fn a_log_has_the_last_bytes_once_wherever_its_writer_was_killed() {
        let directory = tempfile::tempdir().unwrap();
        let (log, replay) = (
            directory.path().join("log"),
            directory.path().join("replay"),
        );
        let console = Console::open(&log, &replay);
        console.append(b"first\nse", 8, 0);
        let before = std::fs::read(&log).unwrap();
        console.append(b"cond\nthird", 18, 0);
        drop(console);
        let after = std::fs::read(&log).unwrap();
        for length in before.len()..=after.len() {
            std::fs::write(&log, &after[..length]).unwrap();
            let console = Console::open(&log, &replay);
            assert_eq!(console.since(0, Duration::ZERO).0, b"first\nsecond\nthird");
            drop(console);
            assert_eq!(std::fs::read(&log).unwrap(), after, "{length}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let replay = directory.path().join("replay");
        let console = Console::open(&directory.path().join("log"), &replay);
        for _ in 0..3 * KEPT / 1024 {
            console.append(&[b'x'; 1024], 0, 0);
        }
        let (said, next, _) = console.since(0, Duration::ZERO);
        assert_eq!(said.len(), KEPT);
        assert_eq!(next, 3 * KEPT as u64);
        assert!(std::fs::metadata(&replay).unwrap().len() <= 3 * KEPT as u64);
        assert_eq!(console.type_in(&[0; 100_000]), INPUT_LIMIT);
    }
}
