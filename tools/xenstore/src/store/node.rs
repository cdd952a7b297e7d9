//! One node of the store, with all below it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::permissions::Permissions;

/// A node. Versions of the tree share nodes, and a node is copied when one of them changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) value: Vec<u8>,
    pub(crate) permissions: Permissions,
    pub(crate) children: BTreeMap<Box<str>, Arc<Node>>,
    /// When the value or the permissions changed last, or the node was made.
    pub(crate) changed: u64,
    /// When a child was made or removed last.
    pub(crate) listed: u64,
}

/// A node without its children, as a snapshot has it: parents come before their children.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Flat {
    depth: u32,
    name: Box<str>,
    value: Vec<u8>,
    permissions: Permissions,
    changed: u64,
    listed: u64,
}

impl Node {
    /// An empty one.
    pub(crate) fn new(permissions: Permissions, now: u64) -> Self {
        Self {
            value: Vec::new(),
            permissions,
            children: BTreeMap::new(),
            changed: now,
            listed: now,
        }
    }

    /// Calls `visit` for the node and all below it, with their paths from the node on; a node whose visit
    /// answers false is left out with all below it. Without recursion, because paths can have 1 500 levels.
    pub(crate) fn walk<'a>(&'a self, mut visit: impl FnMut(&str, &'a Self) -> bool) {
        let mut path = String::new();
        let mut pending = vec![(0, "", self)];
        while let Some((length, name, node)) = pending.pop() {
            path.truncate(length);
            if length > 0 || !name.is_empty() {
                path.push('/');
                path.push_str(name);
            }
            if visit(&path, node) {
                let below = path.len();
                let children = node.children.iter().rev();
                pending.extend(children.map(|(name, child)| (below, &**name, &**child)));
            }
        }
    }

    /// The node and all below it, in a list.
    pub(crate) fn flatten(&self) -> Vec<Flat> {
        let mut list = Vec::new();
        self.walk(|path, node| {
            let (_, name) = path.rsplit_once('/').unwrap_or_default();
            list.push(Flat {
                depth: u32::try_from(path.matches('/').count()).unwrap_or(u32::MAX),
                name: name.into(),
                value: node.value.clone(),
                permissions: node.permissions.clone(),
                changed: node.changed,
                listed: node.listed,
            });
            true
        });
        list
    }

    /// The node that was made into this list, or `None` if the list is none that was made so.
    pub(crate) fn unflatten(list: Vec<Flat>) -> Option<Self> {
        // The nodes whose children may still come, from the first one down.
        let mut open: Vec<(Box<str>, Self)> = Vec::new();
        for flat in list {
            let depth = usize::try_from(flat.depth).ok()?;
            if depth > open.len() || (depth == 0 && !open.is_empty()) {
                return None;
            }
            close(&mut open, depth);
            let mut node = Self::new(flat.permissions, flat.changed);
            node.listed = flat.listed;
            node.value = flat.value;
            open.push((flat.name, node));
        }
        close(&mut open, 1);
        open.pop().map(|(_, node)| node)
    }
}

/// Puts the nodes from `depth` on into their parents.
fn close(open: &mut Vec<(Box<str>, Node)>, depth: usize) {
    while open.len() > depth.max(1) {
        let Some((name, node)) = open.pop() else {
            return;
        };
        if let Some((_, parent)) = open.last_mut() {
            parent.children.insert(name, Arc::new(node));
        }
    }
}

impl Drop for Node {
    /// Without recursion: a client may nest nodes deeper than a stack likes.
    fn drop(&mut self) {
        if self.children.is_empty() {
            return;
        }
        let mut pending: Vec<_> = core::mem::take(&mut self.children).into_values().collect();
        while let Some(child) = pending.pop() {
            if let Ok(mut node) = Arc::try_unwrap(child) {
                pending.extend(core::mem::take(&mut node.children).into_values());
            }
        }
    }
}
