//! The store, for the process that the server runs in.

use std::sync::Arc;

use ringwall_abi::DomainId;

use super::outside::ForProcess;
use super::shared::{Shared, State};
use super::watcher::Watcher;
use crate::engine::{Effects as _, Record};
use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::{Access, Caller, Permission, Permissions};
use crate::quota::Quota;
use crate::request::{Action, Introduction, Operation};
use crate::store::{Change, Store};

/// The store with the control domain's rights. What it is asked is done in the thread that asks; clones are the
/// same store.
///
/// Paths are absolute. Each operation fails with [`Error::Invalid`] where a path is none.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// Changes that are made together, or not at all, and seen by nobody before.
pub struct Transaction<'a> {
    view: &'a mut Store,
    operations: Vec<Operation<'static>>,
}

impl Handle {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// A node's value.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such node.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.shared.with(|state| read(state.engine.store(), path))
    }

    /// A node's value as text; `None` where there is no such node, or its value is no text.
    #[must_use]
    pub fn read_text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.read(path).ok()?).ok()
    }

    /// The names of a node's children, sorted.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such node.
    pub fn directory(&self, path: &str) -> Result<Vec<String>> {
        self.shared
            .with(|state| directory(state.engine.store(), path))
    }

    /// A node's owner and list.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such node.
    pub fn permissions(&self, path: &str) -> Result<Vec<Permission>> {
        let path = special(path)?;
        self.shared.with(|state| {
            let permissions = state
                .engine
                .store()
                .permissions(&path, &Caller::PRIVILEGED)?;
            Ok(permissions.list().collect())
        })
    }

    /// Sets a node's value; it is made, with those above it, where it is missing.
    ///
    /// # Errors
    /// Only those of paths.
    pub fn write(&self, path: &str, value: impl AsRef<[u8]>) -> Result<()> {
        self.change(write(path, value.as_ref())?)
    }

    /// Makes a node, with those above it, unless it is there.
    ///
    /// # Errors
    /// Only those of paths.
    pub fn make_directory(&self, path: &str) -> Result<()> {
        self.change(Operation {
            path: node(path)?,
            action: Action::MakeDirectory,
        })
    }

    /// Removes a node and all below it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is not even its parent.
    pub fn remove(&self, path: &str) -> Result<()> {
        self.change(Operation {
            path: node(path)?,
            action: Action::Remove,
        })
    }

    /// Sets a node's owner and list: the first entry is the owner, with what those may do who are not listed.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such node. [`Error::Invalid`]: the list is empty.
    pub fn set_permissions(&self, path: &str, list: &[Permission]) -> Result<()> {
        let permissions = Permissions::new(list)?;
        self.change(Operation {
            path: special(path)?,
            action: Action::SetPermissions(permissions),
        })
    }

    /// Makes changes together. They are made if `act` succeeds, and none of them is if it fails. All others wait
    /// meanwhile: `act` must not use a handle.
    ///
    /// # Errors
    /// What `act` answers.
    pub fn transaction<T>(&self, act: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.shared.with(|state| {
            let mut view = state.engine.store().clone();
            let mut transaction = Transaction {
                view: &mut view,
                operations: Vec::new(),
            };
            let result = act(&mut transaction)?;
            let operations = transaction.operations;
            drop(view);
            apply(state, &operations)?;
            Ok(result)
        })
    }

    /// Watches a node and all below it, or one of the server's own events. The first event comes at once.
    ///
    /// # Errors
    /// Only those of paths.
    pub fn watch(&self, path: &str) -> Result<Watcher> {
        Watcher::new(&self.shared, path)
    }

    /// Connects a domain. One that is connected already keeps its watches.
    ///
    /// # Errors
    /// [`Error::Io`]: its ring or its event channel can't be reached.
    pub fn introduce(&self, introduction: &Introduction) -> Result<()> {
        if introduction.domain == DomainId::DOM0 || !introduction.domain.is_ordinary() {
            return Err(Error::Invalid);
        }
        self.shared.with(|state| state.introduce(introduction))
    }

    /// Lets a domain go: its nodes are removed, and what others granted it ends. It need not have been introduced.
    ///
    /// # Errors
    /// [`Error::Invalid`]: it is the control domain, or none.
    pub fn release(&self, domain: DomainId) -> Result<()> {
        if domain == DomainId::DOM0 || !domain.is_ordinary() {
            return Err(Error::Invalid);
        }
        self.shared.with(|state| {
            state
                .engine
                .end(domain, &mut ForProcess(&mut state.outside))
        });
        Ok(())
    }

    /// Whether a domain is connected.
    #[must_use]
    pub fn is_introduced(&self, domain: DomainId) -> bool {
        self.shared.with(|state| state.engine.is_introduced(domain))
    }

    /// Lets a domain act for another, as a device model does.
    ///
    /// # Errors
    /// [`Error::NotFound`]: one of them is not connected.
    pub fn set_target(&self, domain: DomainId, target: DomainId) -> Result<()> {
        self.shared.with(|state| {
            state.engine.set_target(domain, target)?;
            ForProcess(&mut state.outside).record(&Record::SetTarget { domain, target });
            Ok(())
        })
    }

    /// Ends [`Server::run`](super::Server::run). What is kept stays: a server that is started later goes on.
    pub fn stop(&self) {
        self.shared.lock().ends = true;
        self.shared.wake();
    }

    fn change(&self, operation: Operation<'_>) -> Result<()> {
        self.shared.with(|state| apply(state, &[operation]))
    }
}

impl Transaction<'_> {
    /// As [`Handle::read`].
    ///
    /// # Errors
    /// The same.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        read(self.view, path)
    }

    /// As [`Handle::directory`].
    ///
    /// # Errors
    /// The same.
    pub fn directory(&self, path: &str) -> Result<Vec<String>> {
        directory(self.view, path)
    }

    /// As [`Handle::write`].
    ///
    /// # Errors
    /// The same.
    pub fn write(&mut self, path: &str, value: impl AsRef<[u8]>) -> Result<()> {
        self.change(write(path, value.as_ref())?)
    }

    /// As [`Handle::make_directory`].
    ///
    /// # Errors
    /// The same.
    pub fn make_directory(&mut self, path: &str) -> Result<()> {
        self.change(Operation {
            path: node(path)?,
            action: Action::MakeDirectory,
        })
    }

    /// As [`Handle::remove`].
    ///
    /// # Errors
    /// The same.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.change(Operation {
            path: node(path)?,
            action: Action::Remove,
        })
    }

    /// As [`Handle::set_permissions`].
    ///
    /// # Errors
    /// The same.
    pub fn set_permissions(&mut self, path: &str, list: &[Permission]) -> Result<()> {
        let permissions = Permissions::new(list)?;
        self.change(Operation {
            path: node(path)?,
            action: Action::SetPermissions(permissions),
        })
    }

    fn change(&mut self, operation: Operation<'_>) -> Result<()> {
        match self
            .view
            .apply(&operation, &Caller::PRIVILEGED, &Quota::DEFAULT)?
        {
            Change::Nothing => {}
            _ => self.operations.push(operation.into_owned()),
        }
        Ok(())
    }
}

fn apply(state: &mut State, operations: &[Operation<'_>]) -> Result<()> {
    if operations.is_empty() {
        return Ok(());
    }
    state.engine.change(operations, &Caller::PRIVILEGED)?;
    ForProcess(&mut state.outside).record(&Record::change(operations));
    Ok(())
}

fn read(store: &Store, path: &str) -> Result<Vec<u8>> {
    let node = store.look_up(&node(path)?, &Caller::PRIVILEGED, Access::Read)?;
    Ok(node.value.clone())
}

fn directory(store: &Store, path: &str) -> Result<Vec<String>> {
    let node = store.look_up(&node(path)?, &Caller::PRIVILEGED, Access::Read)?;
    Ok(node.children.keys().map(ToString::to_string).collect())
}

fn write<'a>(path: &'a str, value: &'a [u8]) -> Result<Operation<'a>> {
    Ok(Operation {
        path: node(path)?,
        action: Action::Write(value.into()),
    })
}

fn node(path: &str) -> Result<Path<'_>> {
    Path::new(path.as_bytes(), DomainId::DOM0)
}

fn special(path: &str) -> Result<Path<'_>> {
    Path::new_or_special(path.as_bytes(), DomainId::DOM0)
}
