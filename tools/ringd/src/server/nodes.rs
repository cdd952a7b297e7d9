//! The store's nodes, for `ringctl store`.

use ringwall_api::{Failure, Kind, Result, StoreChange, StoreNode};
use ringwall_xenstore::Error;
use serde_json::Value;

use super::connection::Connection;
use crate::daemon::Daemon;

/// The nodes below one.
pub(super) fn list(daemon: &Daemon, path: &str, recursive: bool) -> Result<Vec<StoreNode>> {
    let mut nodes = Vec::new();
    // Nodes whose children are still to be listed, the next one last.
    let mut pending = vec![path.trim_end_matches('/').to_owned()];
    let mut is_first = true;
    while let Some(above) = pending.pop() {
        let shown = if above.is_empty() { "/" } else { &above };
        if !is_first {
            nodes.push(node(daemon, &above)?);
        }
        if is_first || recursive {
            let names = daemon
                .store
                .directory(shown)
                .map_err(|error| failed(shown, error))?;
            let below = names.iter().rev().map(|name| format!("{above}/{name}"));
            pending.extend(below);
        }
        is_first = false;
    }
    Ok(nodes)
}

/// A node.
pub(super) fn read(daemon: &Daemon, path: &str) -> Result<StoreNode> {
    node(daemon, path)
}

/// Writes a node.
pub(super) fn write(daemon: &Daemon, path: &str, value: &str) -> Result<StoreNode> {
    daemon
        .store
        .write(path, value)
        .map_err(|error| failed(path, error))?;
    node(daemon, path)
}

/// Removes a node.
pub(super) fn remove(daemon: &Daemon, path: &str) -> Result<()> {
    // The store says nothing of a node that is not there.
    daemon
        .store
        .read(path)
        .map_err(|error| failed(path, error))?;
    daemon
        .store
        .remove(path)
        .map_err(|error| failed(path, error))
}

/// Sends changes.
pub(super) fn watch(daemon: &Daemon, path: &str, connection: &Connection) -> Result<Value> {
    let watcher = daemon
        .store
        .watch(path)
        .map_err(|error| failed(path, error))?;
    while !connection.is_gone() {
        let Ok(path) = watcher.next_within(std::time::Duration::from_millis(500)) else {
            continue;
        };
        let value = daemon.store.read(&path).ok();
        connection.item(&StoreChange {
            value: value.map(|value| String::from_utf8_lossy(&value).into_owned()),
            path,
        })?;
    }
    Ok(Value::Null)
}

fn node(daemon: &Daemon, path: &str) -> Result<StoreNode> {
    let value = daemon
        .store
        .read(path)
        .map_err(|error| failed(path, error))?;
    Ok(StoreNode {
        path: path.to_owned(),
        value: String::from_utf8_lossy(&value).into_owned(),
    })
}

fn failed(path: &str, error: Error) -> Failure {
    match error {
        Error::NotFound => Failure::new(
            Kind::NotFound,
            format!("the store has no node {path}: ringctl store ls lists them"),
        ),
        Error::Invalid => Failure::new(
            Kind::BadInput,
            format!("{path:?} is no path of the store: it starts with / and does not end with it"),
        ),
        error => Failure::new(Kind::Failed, format!("the store says of {path}: {error}")),
    }
}
