//! Who is told of a change.

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::PAYLOAD_MAX;

use super::{ConnectionId, Engine};
use crate::message;
use crate::path::Path;
use crate::permissions::{Access, Caller, Permissions};
use crate::store::{Change, Node};
use crate::watch::Watch;

/// An event for a watch.
struct Event {
    connection: ConnectionId,
    bytes: Vec<u8>,
}

impl Engine {
    /// Tells of a change that was made at `path`.
    ///
    /// A domain is told where it may read the node, or could before, or may read the node's parent: then the
    /// event says nothing that it could not find out.
    pub(super) fn announce(&mut self, path: &Path<'_>, change: &Change) {
        let before = match change {
            Change::Nothing => return,
            Change::Written => None,
            Change::Removed(node) => Some(&node.permissions),
            Change::Permissions(permissions) => Some(permissions),
        };
        let node = self.store.get(path).map(|node| &node.permissions);
        let parent = path.parent().and_then(|parent| self.store.get(&parent));
        let readers = [before, node, parent.map(|parent| &parent.permissions)];
        let mut events = Vec::new();
        for (watched, watch) in self.watches.around(path.as_str()) {
            if may_see(&self.caller(watch.connection), &readers) {
                events.push(self.event(watch, watched, path.as_str()));
            }
        }
        if let Change::Removed(removed) = change {
            self.collect_below(path, removed, &mut events);
        }
        self.send(events);
    }

    /// Tells those that watch nodes below one that was removed: each of its own node.
    fn collect_below(&self, path: &Path<'_>, removed: &Node, events: &mut Vec<Event>) {
        for (watched, watch) in self.watches.below(path.as_str()) {
            let (mut parent, mut node) = (None, Some(removed));
            let below = watched.get(path.as_str().len()..).unwrap_or_default();
            for name in below.split('/').filter(|name| !name.is_empty()) {
                parent = node;
                node = node
                    .and_then(|node| node.children.get(name))
                    .map(|child| &**child);
            }
            // A watch of a node that was not there has nothing to tell.
            let Some(node) = node else { continue };
            let readers = [
                Some(&node.permissions),
                parent.map(|parent| &parent.permissions),
            ];
            if may_see(&self.caller(watch.connection), &readers) {
                events.push(self.event(watch, watched, watched));
            }
        }
    }

    /// Tells of an event of the server, which is about a domain.
    pub(super) fn announce_domain(&mut self, name: &str, domain: DomainId) {
        let named = format!("{name}/{}", domain.raw());
        let all = self.watches.at(name).chain(self.watches.at(&named));
        let seen = all.filter(|(_, watch)| {
            self.store
                .may_see_event(name, &self.caller(watch.connection))
        });
        let events = seen.map(|(watched, watch)| {
            let shown = if watch.wants_domain() {
                &named
            } else {
                watched
            };
            self.event(watch, watched, shown)
        });
        let events = events.collect();
        self.send(events);
    }

    /// The event that each watch starts with.
    pub(super) fn announce_watch(&mut self, path: &Path<'_>, watch: &Watch) {
        let event = self.event(watch, path.as_str(), path.as_str());
        self.send(vec![event]);
    }

    fn event(&self, watch: &Watch, watched: &str, path: &str) -> Event {
        let connection = self.connections.get(&watch.connection);
        let is_crowded = connection.is_some_and(|connection| connection.outbox.is_crowded());
        let (shown, token) = (watch.shown(path), &watch.token);
        let is_long = shown.len().saturating_add(token.len()).saturating_add(2) > PAYLOAD_MAX;
        let shown = if is_crowded || is_long {
            watch.shown(watched)
        } else {
            shown
        };
        Event {
            connection: watch.connection,
            bytes: message::event(shown, token),
        }
    }

    fn send(&mut self, events: Vec<Event>) {
        for event in events {
            let Some(connection) = self.connections.get_mut(&event.connection) else {
                continue;
            };
            if connection.outbox.is_empty() {
                self.ready.push(event.connection);
            }
            connection.outbox.push_event(event.bytes);
        }
    }
}

/// Whether one of the lists lets the caller read.
fn may_see(caller: &Caller, lists: &[Option<&Permissions>]) -> bool {
    lists
        .iter()
        .flatten()
        .any(|list| list.allow(caller, Access::Read))
}
