//! A watch of the process that the server runs in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use ringwall_abi::DomainId;

use super::shared::Shared;
use crate::engine::ConnectionId;
use crate::error::Result;
use crate::message::{self, Parsed};
use crate::path::Path;
use crate::request::WatchRequest;

/// Events that may wait for a watcher. One more names the path that is watched, and stands for all that come after it
/// before it is taken: domains cause events, and who watches may be slow.
const WAITING_MAX: usize = 1024;

/// A watch. Its events are the paths of nodes that changed; the first one, which comes at once, is the path that is
/// watched. That comes too where there were more changes than could wait. Dropping the watch ends it.
pub struct Watcher {
    shared: Arc<Shared>,
    number: u64,
    events: Receiver<String>,
    waiting: Arc<AtomicUsize>,
}

/// The server's end of a watch.
pub(super) struct Listener {
    events: Sender<String>,
    /// How many events wait.
    waiting: Arc<AtomicUsize>,
    /// What is watched.
    path: String,
}

impl Listener {
    /// Passes an event on.
    pub(super) fn tell(&self, path: String) {
        // Relaxed: to see what an event stands for, its taker takes the lock that is held here.
        let path = match self.waiting.load(Ordering::Relaxed).cmp(&WAITING_MAX) {
            core::cmp::Ordering::Less => path,
            core::cmp::Ordering::Equal => self.path.clone(),
            // That one is the last one, and waits still.
            core::cmp::Ordering::Greater => return,
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // It fails where the watch was dropped meanwhile.
        let _ = self.events.send(path);
    }
}

impl Watcher {
    pub(super) fn new(shared: &Arc<Shared>, path: &str) -> Result<Self> {
        let path = Path::new_or_special(path.as_bytes(), DomainId::DOM0)?;
        let (sender, events) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let listener = Listener {
            events: sender,
            waiting: Arc::clone(&waiting),
            path: path.as_str().to_owned(),
        };
        let number = shared.with(|state| {
            let number = state.new_listener(listener);
            let id = ConnectionId::Internal(number);
            state.engine.connect(id);
            let request = WatchRequest {
                path,
                is_relative: false,
                token: b"",
                depth: None,
            };
            state.engine.watch(id, &request)?;
            Ok(number)
        })?;
        Ok(Self {
            shared: Arc::clone(shared),
            number,
            events,
            waiting,
        })
    }

    /// Waits for the next event; `None` when the server is gone.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let event = self.events.recv().ok()?;
        self.note_taken();
        Some(event)
    }

    /// The next event, if it comes in time.
    ///
    /// # Errors
    /// It did not come, or the server is gone.
    pub fn next_within(&self, time: Duration) -> core::result::Result<String, RecvTimeoutError> {
        let event = self.events.recv_timeout(time)?;
        self.note_taken();
        Ok(event)
    }

    /// The events that have come and were not taken.
    pub fn pending(&self) -> impl Iterator<Item = String> {
        self.events.try_iter().inspect(move |_| self.note_taken())
    }

    fn note_taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.listeners.remove(&self.number);
            state.engine.disconnect(ConnectionId::Internal(self.number));
        });
    }
}

/// The paths in messages that are events.
pub(super) fn paths(mut bytes: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    while let Parsed::Whole(_, payload, size) = message::parse(bytes) {
        let path = payload.split(|byte| *byte == 0).next().unwrap_or_default();
        paths.push(String::from_utf8_lossy(path).into_owned());
        bytes = bytes.get(size..).unwrap_or_default();
    }
    paths
}
