//! Watches: what changed below a path.

use alloc::collections::VecDeque;
use alloc::collections::btree_map::{BTreeMap, Entry};
use alloc::string::String;

use super::{Store, StoreError};
use crate::device::{Guest, Platform};

/// Events that are kept for a watch that nobody looks at.
const EVENTS_MAX: usize = 256;

/// What has come for each watch, by token.
#[derive(Debug, Default)]
pub(super) struct Events {
    next_token: u32,
    watches: BTreeMap<u32, VecDeque<String>>,
}

impl Events {
    /// Makes room for a watch; returns its token.
    pub(super) fn add(&mut self) -> u32 {
        loop {
            let token = self.next_token;
            self.next_token = self.next_token.wrapping_add(1);
            if let Entry::Vacant(entry) = self.watches.entry(token) {
                entry.insert(VecDeque::new());
                return token;
            }
        }
    }

    pub(super) fn remove(&mut self, token: u32) {
        self.watches.remove(&token);
    }

    /// Keeps an event. One that is kept already says the same, one of an unknown watch comes from
    /// before it was removed, and where there are too many the oldest is forgotten.
    pub(super) fn push(&mut self, token: u32, path: String) {
        let Some(events) = self.watches.get_mut(&token) else {
            return;
        };
        if events.contains(&path) {
            return;
        }
        if events.len() >= EVENTS_MAX {
            events.pop_front();
        }
        events.push_back(path);
    }

    pub(super) fn pop(&mut self, token: u32) -> Option<String> {
        self.watches.get_mut(&token)?.pop_front()
    }
}

/// A watch: tells of each change of a node or of what is below it, and once when it starts. Ends
/// when it is dropped.
#[derive(Debug)]
pub struct Watch<P: Platform = Guest> {
    pub(super) store: Store<P>,
    pub(super) path: String,
    pub(super) token: u32,
}

impl<P: Platform> Watch<P> {
    /// The path of a node that changed, if one did: no waiting. Of changes that nobody took for
    /// long the oldest are forgotten.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn take(&mut self) -> Result<Option<String>, StoreError> {
        self.store.take_event(self.token)
    }

    /// Waits for a change until the platform's time is `until_ns`.
    ///
    /// # Errors
    /// The connection is broken, or [`StoreError::TimedOut`].
    pub fn wait(&mut self, until_ns: u64) -> Result<String, StoreError> {
        self.store.wait_event(self.token, until_ns)
    }

    /// What is watched.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl<P: Platform> Drop for Watch<P> {
    fn drop(&mut self) {
        self.store.end_watch(&self.path, self.token);
    }
}
