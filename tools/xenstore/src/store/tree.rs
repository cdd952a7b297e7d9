//! The tree of nodes: look-ups and changes, with permissions and quotas.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use super::Node;
use super::node::Flat;
use crate::error::{Error, Result};
use crate::path::{INTRODUCE_DOMAIN, Path, RELEASE_DOMAIN};
use crate::permissions::{Access, Caller, Permissions};
use crate::quota::Quota;
use crate::request::{Action, Operation};

/// All nodes. A clone costs a few counters, and neither sees the other's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    pub(super) root: Arc<Node>,
    /// Who may see the server's own events, by their names.
    specials: Arc<BTreeMap<Box<str>, Permissions>>,
    /// How many nodes each domain owns.
    owned: Arc<BTreeMap<DomainId, u32>>,
    /// Counts changes.
    now: u64,
}

/// A store as it is written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    nodes: Vec<Flat>,
    specials: BTreeMap<Box<str>, Permissions>,
    now: u64,
}

/// What an operation did, for those who watch.
#[derive(Debug)]
pub(crate) enum Change {
    /// The node was made, or has a new value.
    Written,
    /// The node was removed, with all below it.
    Removed(Arc<Node>),
    /// The node's permissions were these before.
    Permissions(Permissions),
    /// It was so already, and nobody is told.
    Nothing,
}

impl Store {
    /// A store as it is at the machine's start.
    pub(crate) fn new() -> Self {
        let private = Permissions::private(DomainId::DOM0);
        let special = |name: &str| (Box::from(name), private.clone());
        let mut store = Self {
            root: Arc::new(Node::new(private.clone(), 0)),
            specials: Arc::new([special(INTRODUCE_DOMAIN), special(RELEASE_DOMAIN)].into()),
            owned: Arc::new([(DomainId::DOM0, 1)].into()),
            now: 0,
        };
        let path = Path::trusted("/tool/xenstored");
        store.make(&path, &Caller::PRIVILEGED);
        store
    }

    /// What [`Store::restore`] takes.
    pub(crate) fn image(&self) -> Image {
        Image {
            nodes: self.root.flatten(),
            specials: (*self.specials).clone(),
            now: self.now,
        }
    }

    /// The store that an image was made of, or `None` if it was made of none.
    pub(crate) fn restore(image: Image) -> Option<Self> {
        let root = Node::unflatten(image.nodes)?;
        let mut owned = BTreeMap::new();
        root.walk(|_, node| {
            let count: &mut u32 = owned.entry(node.permissions.owner()).or_default();
            *count = count.saturating_add(1);
            true
        });
        Some(Self {
            root: Arc::new(root),
            specials: Arc::new(image.specials),
            owned: Arc::new(owned),
            now: image.now,
        })
    }

    /// The node at `path`, whoever asks.
    pub(crate) fn get(&self, path: &Path<'_>) -> Option<&Node> {
        let mut node = &self.root;
        for name in path.components() {
            node = node.children.get(name)?;
        }
        (!path.is_special()).then_some(node)
    }

    /// The node at `path`, for a caller who needs this access to it. Who may not read what is around a missing
    /// node does not learn that it is missing.
    pub(crate) fn look_up(
        &self,
        path: &Path<'_>,
        caller: &Caller,
        needed: Access,
    ) -> Result<&Node> {
        let (node, found) = self.nearest(path);
        match found {
            Found::Itself if node.permissions.allow(caller, needed) => Ok(node),
            Found::Above if node.permissions.allow(caller, Access::Read) => Err(Error::NotFound),
            Found::Itself | Found::Above => Err(Error::Access),
        }
    }

    /// The permissions of a node or of one of the server's events.
    pub(crate) fn permissions(&self, path: &Path<'_>, caller: &Caller) -> Result<&Permissions> {
        if !path.is_special() {
            return Ok(&self.look_up(path, caller, Access::Read)?.permissions);
        }
        let permissions = self.specials.get(path.as_str()).ok_or(Error::Invalid)?;
        if permissions.allow(caller, Access::Read) {
            Ok(permissions)
        } else {
            Err(Error::Access)
        }
    }

    /// Whether the caller may see the server's event of this name.
    pub(crate) fn may_see_event(&self, name: &str, caller: &Caller) -> bool {
        self.specials
            .get(name)
            .is_some_and(|permissions| permissions.allow(caller, Access::Read))
    }

    /// When the node's content changed last, and when its list of children did; `None` where there is none.
    pub(crate) fn versions(&self, path: &Path<'_>) -> Option<(u64, u64)> {
        self.get(path).map(|node| (node.changed, node.listed))
    }

    /// Counts changes: two stores, one of which was cloned from the other, are the same if this is.
    pub(crate) const fn version(&self) -> u64 {
        self.now
    }

    /// How many nodes the domain owns.
    pub(crate) fn owned_by(&self, domain: DomainId) -> u32 {
        self.owned.get(&domain).copied().unwrap_or(0)
    }

    /// Carries out an operation, or changes nothing.
    pub(crate) fn apply(
        &mut self,
        operation: &Operation<'_>,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<Change> {
        let path = &operation.path;
        if !caller.is_privileged() && path.as_str().len() > quota.path_length {
            return Err(Error::Invalid);
        }
        match &operation.action {
            Action::Write(value) => self.write(path, value, caller, quota),
            Action::MakeDirectory => self.make_directory(path, caller, quota),
            Action::Remove => self.remove(path, caller),
            Action::SetPermissions(permissions) => {
                self.set_permissions(path, permissions, caller, quota)
            }
        }
    }

    fn write(
        &mut self,
        path: &Path<'_>,
        value: &[u8],
        caller: &Caller,
        quota: &Quota,
    ) -> Result<Change> {
        if !caller.is_privileged() && value.len() > quota.value_size {
            return Err(Error::Quota);
        }
        if !self.may_write(path, caller)? {
            self.may_make(path, caller, quota)?;
            self.make(path, caller);
        }
        let now = self.tick();
        let node = self.get_mut(path).ok_or(Error::NotFound)?;
        node.value.clear();
        node.value.extend_from_slice(value);
        node.changed = now;
        Ok(Change::Written)
    }

    fn make_directory(
        &mut self,
        path: &Path<'_>,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<Change> {
        if self.may_write(path, caller)? {
            return Ok(Change::Nothing);
        }
        self.may_make(path, caller, quota)?;
        self.make(path, caller);
        Ok(Change::Written)
    }

    fn remove(&mut self, path: &Path<'_>, caller: &Caller) -> Result<Change> {
        let parent = path.parent().ok_or(Error::Invalid)?;
        match self.look_up(path, caller, Access::Write) {
            Ok(_) => {}
            // It is gone already, which is fine where it could have been.
            Err(Error::NotFound) => {
                return self
                    .get(&parent)
                    .map(|_| Change::Nothing)
                    .ok_or(Error::NotFound);
            }
            Err(error) => return Err(error),
        }
        self.take(path).map(Change::Removed).ok_or(Error::NotFound)
    }

    fn set_permissions(
        &mut self,
        path: &Path<'_>,
        permissions: &Permissions,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<Change> {
        if !caller.is_privileged() && permissions.count() > quota.permissions {
            return Err(Error::Quota);
        }
        if path.is_special() {
            if !caller.is_privileged() {
                return Err(Error::Access);
            }
            let specials = Arc::make_mut(&mut self.specials);
            *specials.get_mut(path.as_str()).ok_or(Error::Invalid)? = permissions.clone();
            self.tick();
            return Ok(Change::Nothing);
        }
        let old = self
            .look_up(path, caller, Access::None)?
            .permissions
            .clone();
        if !old.is_owner(caller) {
            return Err(Error::Access);
        }
        if !caller.is_privileged() && permissions.owner() != old.owner() {
            return Err(Error::Owner);
        }
        self.replace_permissions(path, permissions.clone());
        Ok(Change::Permissions(old))
    }

    /// Whether the node exists and may be written; if it does and may not, that is an error.
    fn may_write(&self, path: &Path<'_>, caller: &Caller) -> Result<bool> {
        match self.nearest(path) {
            (node, Found::Itself) if node.permissions.allow(caller, Access::Write) => Ok(true),
            (_, Found::Itself) => Err(Error::Access),
            (_, Found::Above) => Ok(false),
        }
    }

    /// Whether the caller may make the missing node and the missing ones above it.
    fn may_make(&self, path: &Path<'_>, caller: &Caller, quota: &Quota) -> Result<()> {
        if caller.is_privileged() {
            return Ok(());
        }
        let (nearest, _) = self.nearest(path);
        if !nearest.permissions.allow(caller, Access::Write) {
            return Err(Error::Access);
        }
        let missing = self.missing(path);
        let total = self.owned_by(caller.domain).saturating_add(missing);
        if total > quota.nodes {
            Err(Error::Quota)
        } else {
            Ok(())
        }
    }

    /// How many nodes of the path are not there.
    fn missing(&self, path: &Path<'_>) -> u32 {
        let (mut node, mut missing) = (Some(&self.root), 0_u32);
        for name in path.components() {
            node = node.and_then(|node| node.children.get(name));
            missing = missing.saturating_add(u32::from(node.is_none()));
        }
        missing
    }

    /// The node, or the lowest one above it that is there.
    fn nearest(&self, path: &Path<'_>) -> (&Node, Found) {
        let mut node = &self.root;
        for name in path.components() {
            match node.children.get(name) {
                Some(child) => node = child,
                None => return (node, Found::Above),
            }
        }
        (node, Found::Itself)
    }

    /// Makes the node and those above it that are missing; each gets its parent's permissions, and belongs to
    /// who makes it, unless that is the control domain.
    fn make(&mut self, path: &Path<'_>, caller: &Caller) {
        let now = self.tick();
        let owned = Arc::make_mut(&mut self.owned);
        let mut node = Arc::make_mut(&mut self.root);
        for name in path.components() {
            if !node.children.contains_key(name) {
                let permissions = match caller.is_privileged() {
                    true => node.permissions.clone(),
                    false => node.permissions.owned_by(caller.domain),
                };
                let count = owned.entry(permissions.owner()).or_default();
                *count = count.saturating_add(1);
                node.listed = now;
                node.children
                    .insert(name.into(), Arc::new(Node::new(permissions, now)));
            }
            match node.children.get_mut(name) {
                Some(child) => node = Arc::make_mut(child),
                None => return,
            }
        }
    }

    fn get_mut(&mut self, path: &Path<'_>) -> Option<&mut Node> {
        let mut node = Arc::make_mut(&mut self.root);
        for name in path.components() {
            node = Arc::make_mut(node.children.get_mut(name)?);
        }
        Some(node)
    }

    /// Removes the node and all below it, whoever asks.
    pub(super) fn take(&mut self, path: &Path<'_>) -> Option<Arc<Node>> {
        let now = self.tick();
        let (_, name) = path.as_str().rsplit_once('/')?;
        let parent = self.get_mut(&path.parent()?)?;
        let removed = parent.children.remove(name)?;
        parent.listed = now;
        let owned = Arc::make_mut(&mut self.owned);
        removed.walk(|_, node| {
            uncount(owned, node.permissions.owner());
            true
        });
        Some(removed)
    }

    /// Gives the node other permissions, whoever asks.
    pub(super) fn replace_permissions(&mut self, path: &Path<'_>, permissions: Permissions) {
        let now = self.tick();
        let new_owner = permissions.owner();
        let Some(node) = self.get_mut(path) else {
            return;
        };
        let old_owner = node.permissions.owner();
        node.permissions = permissions;
        node.changed = now;
        if old_owner != new_owner {
            let owned = Arc::make_mut(&mut self.owned);
            uncount(owned, old_owner);
            let count = owned.entry(new_owner).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn tick(&mut self) -> u64 {
        self.now = self.now.saturating_add(1);
        self.now
    }
}

/// What a look-up came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Itself,
    Above,
}

fn uncount(owned: &mut BTreeMap<DomainId, u32>, owner: DomainId) {
    if let Some(count) = owned.get_mut(&owner) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            owned.remove(&owner);
        }
    }
}
