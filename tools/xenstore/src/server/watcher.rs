//! A watch of the process that the server runs in.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use ringwall_abi::DomainId;

use super::shared::Shared;
use crate::engine::ConnectionId;
use crate::error::Result;
use crate::message::{self, Parsed};
use crate::path::Path;
use crate::request::WatchRequest;

/// A watch. Its events are the paths of nodes that changed; the first one, which comes at once, is the path that is
/// watched. Dropping it ends it.
pub struct Watcher {
    shared: Arc<Shared>,
    number: u64,
    events: Receiver<String>,
}

impl Watcher {
    pub(super) fn new(shared: &Arc<Shared>, path: &str) -> Result<Self> {
        let path = Path::new_or_special(path.as_bytes(), DomainId::DOM0)?;
        let (sender, events) = mpsc::channel();
        let number = shared.with(|state| {
            let number = state.new_listener(sender);
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
        })
    }

    /// Waits for the next event; `None` when the server is gone.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        self.events.recv().ok()
    }

    /// The next event, if it comes in time.
    ///
    /// # Errors
    /// It did not come, or the server is gone.
    pub fn next_within(&self, time: Duration) -> core::result::Result<String, RecvTimeoutError> {
        self.events.recv_timeout(time)
    }

    /// The events that have come and were not taken.
    pub fn pending(&self) -> impl Iterator<Item = String> {
        self.events.try_iter()
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
