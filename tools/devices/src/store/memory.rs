//! A store in memory, for tests: it counts, and fails when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::nodes::Body;
use super::{Nodes, Permissions, Store, StoreError, Watch};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    value: Vec<u8>,
    permissions: Permissions,
}

type Tree = BTreeMap<String, Node>;

#[derive(Default)]
struct Shared {
    tree: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tree: Tree,
    /// Counts changes, for watches.
    version: u64,
    /// How many operations succeed before one fails.
    failing_after: Option<usize>,
}

/// A store that is a map. Clones are handles of the same one.
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets so many operations succeed, fails the next, then goes on.
    pub fn fail_after(&self, operations: usize) {
        self.state().failing_after = Some(operations);
    }

    /// All nodes: path, value, permissions as on the wire.
    #[must_use]
    pub fn dump(&self) -> Vec<(String, String, Vec<String>)> {
        let state = self.state();
        let nodes = state.tree.iter().map(|(path, node)| {
            let value = String::from_utf8_lossy(&node.value).into_owned();
            (
                path.clone(),
                value,
                node.permissions.on_the_wire().collect(),
            )
        });
        nodes.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .tree
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(
        &self,
        operation: &'static str,
        path: &str,
        change: impl FnOnce(&mut Tree) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        allow(&mut state.failing_after, operation, path)?;
        change(&mut state.tree)?;
        state.version += 1;
        self.shared.changed.notify_all();
        Ok(())
    }
}

/// Fails when its time has come.
fn allow(
    failing_after: &mut Option<usize>,
    operation: &'static str,
    path: &str,
) -> Result<(), StoreError> {
    match failing_after {
        None => Ok(()),
        Some(0) => {
            *failing_after = None;
            Err(error(operation, path, "EIO"))
        }
        Some(left) => {
            *left -= 1;
            Ok(())
        }
    }
}

fn error(operation: &'static str, path: &str, reason: &str) -> StoreError {
    StoreError {
        operation,
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn read(tree: &Tree, path: &str) -> Option<Vec<u8>> {
    tree.get(path).map(|node| node.value.clone())
}

fn list(tree: &Tree, path: &str) -> Vec<String> {
    let below = format!("{path}/");
    let names = tree.keys().filter_map(|other| other.strip_prefix(&below));
    let names = names.filter(|name| !name.contains('/'));
    names.map(str::to_owned).collect()
}

/// Makes a node and those above it; each new one inherits the permissions of the one above.
fn make(tree: &mut Tree, path: &str) {
    if path.is_empty() || tree.contains_key(path) {
        return;
    }
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    make(tree, above);
    let inherited = tree.get(above).map(|node| node.permissions.clone());
    tree.insert(
        path.to_owned(),
        Node {
            value: Vec::new(),
            permissions: inherited.unwrap_or_else(Permissions::private),
        },
    );
}

fn write(tree: &mut Tree, path: &str, value: &[u8]) {
    make(tree, path);
    if let Some(node) = tree.get_mut(path) {
        node.value = value.to_vec();
    }
}

fn remove(tree: &mut Tree, path: &str) {
    let below = format!("{path}/");
    tree.retain(|other, _| other != path && !other.starts_with(&below));
}

fn set_permissions(
    tree: &mut Tree,
    path: &str,
    permissions: &Permissions,
) -> Result<(), StoreError> {
    let node = tree.get_mut(path);
    let node = node.ok_or_else(|| error("to set permissions of", path, "ENOENT"))?;
    node.permissions = permissions.clone();
    Ok(())
}

impl Nodes for MemoryStore {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut state = self.state();
        allow(&mut state.failing_after, "to read", path)?;
        Ok(read(&state.tree, path))
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, StoreError> {
        let mut state = self.state();
        allow(&mut state.failing_after, "to list", path)?;
        Ok(list(&state.tree, path))
    }

    fn write(&mut self, path: &str, value: &[u8]) -> Result<(), StoreError> {
        self.change("to write", path, |tree| {
            write(tree, path, value);
            Ok(())
        })
    }

    fn mkdir(&mut self, path: &str) -> Result<(), StoreError> {
        self.change("to make", path, |tree| {
            make(tree, path);
            Ok(())
        })
    }

    fn remove(&mut self, path: &str) -> Result<(), StoreError> {
        self.change("to remove", path, |tree| {
            remove(tree, path);
            Ok(())
        })
    }

    fn set_permissions(&mut self, path: &str, permissions: &Permissions) -> Result<(), StoreError> {
        self.change("to set permissions of", path, |tree| {
            set_permissions(tree, path, permissions)
        })
    }
}

/// A copy of the tree, which takes its place in the end.
struct Transaction<'a> {
    tree: Tree,
    failing_after: &'a mut Option<usize>,
}

impl Nodes for Transaction<'_> {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        allow(self.failing_after, "to read", path)?;
        Ok(read(&self.tree, path))
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, StoreError> {
        allow(self.failing_after, "to list", path)?;
        Ok(list(&self.tree, path))
    }

    fn write(&mut self, path: &str, value: &[u8]) -> Result<(), StoreError> {
        allow(self.failing_after, "to write", path)?;
        write(&mut self.tree, path, value);
        Ok(())
    }

    fn mkdir(&mut self, path: &str) -> Result<(), StoreError> {
        allow(self.failing_after, "to make", path)?;
        make(&mut self.tree, path);
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), StoreError> {
        allow(self.failing_after, "to remove", path)?;
        remove(&mut self.tree, path);
        Ok(())
    }

    fn set_permissions(&mut self, path: &str, permissions: &Permissions) -> Result<(), StoreError> {
        allow(self.failing_after, "to set permissions of", path)?;
        set_permissions(&mut self.tree, path, permissions)
    }
}

impl Store for MemoryStore {
    fn transaction(&mut self, body: &mut Body<'_>) -> Result<(), StoreError> {
        let mut state = self.state();
        let State {
            tree,
            version,
            failing_after,
        } = &mut *state;
        let mut transaction = Transaction {
            tree: tree.clone(),
            failing_after,
        };
        body(&mut transaction)?;
        *tree = transaction.tree;
        *version += 1;
        self.shared.changed.notify_all();
        Ok(())
    }

    fn watch(&mut self, path: &str) -> Result<Box<dyn Watch>, StoreError> {
        allow(&mut self.state().failing_after, "to watch", path)?;
        Ok(Box::new(MemoryWatch {
            store: self.clone(),
            seen: None,
        }))
    }
}

/// Fires at every change, also elsewhere: watches may.
struct MemoryWatch {
    store: MemoryStore,
    seen: Option<u64>,
}

impl Watch for MemoryWatch {
    fn wait(&mut self, limit: Duration) -> Result<bool, StoreError> {
        let end = Instant::now() + limit;
        let mut state = self.store.state();
        while self.seen == Some(state.version) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.store.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.seen = Some(state.version);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use ringwall_abi::DomainId;

    use super::*;

    #[test]
    fn a_failed_transaction_changes_nothing() {
        let mut store = MemoryStore::new();
        store.write("/a/b", b"1").unwrap();
        let before = store.dump();
        let result = store.transaction(&mut |nodes| {
            nodes.remove("/a")?;
            nodes.set_permissions("/none", &Permissions::private())
        });
        assert!(result.is_err());
        assert_eq!(store.dump(), before);
    }

    #[test]
    fn removing_takes_what_is_below_and_nothing_beside() {
        let mut store = MemoryStore::new();
        for path in ["/a/1/x", "/a/10"] {
            store.write(path, b"").unwrap();
        }
        store.remove("/a/1").unwrap();
        assert_eq!(store.list("/a").unwrap(), ["10"]);
    }

    #[test]
    fn new_nodes_inherit() {
        let mut store = MemoryStore::new();
        let guest = DomainId::new(7);
        store.mkdir("/a").unwrap();
        let shared = Permissions::shared(guest, DomainId::DOM0);
        store.set_permissions("/a", &shared).unwrap();
        store.write("/a/b", b"").unwrap();
        assert_eq!(store.dump()[1].2, ["n7", "r0"]);
    }

    #[test]
    fn watches_fire_at_the_start_and_then_at_changes() {
        let mut store = MemoryStore::new();
        let mut watch = store.watch("/a").unwrap();
        let short = Duration::from_millis(1);
        assert!(watch.wait(short).unwrap());
        assert!(!watch.wait(short).unwrap());
        store.write("/a", b"").unwrap();
        assert!(watch.wait(short).unwrap());
    }
}
