//! The store as device set-up sees it.

use std::time::Duration;

use ringwall_devices::store::{self as device, Body, Nodes, Store, StoreError, Watch};
use ringwall_xenstore::{Access, Error, Handle, Permission, Transaction, Watcher};

/// The store of this process.
#[derive(Clone)]
pub(crate) struct DeviceStore(pub(crate) Handle);

/// Turns an error into the other crate's.
fn failed<T>(
    operation: &'static str,
    path: &str,
    result: Result<T, Error>,
) -> Result<T, StoreError> {
    result.map_err(|error| StoreError {
        operation,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// A node that is not there is no error.
fn maybe<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn permissions(given: &device::Permissions) -> Vec<Permission> {
    let access = |access| match access {
        device::Access::None => Access::None,
        device::Access::Read => Access::Read,
        device::Access::Both => Access::Both,
    };
    let owner = Permission {
        domain: given.owner,
        access: access(given.others),
    };
    let named = given.named.iter().map(|(domain, allowed)| Permission {
        domain: *domain,
        access: access(*allowed),
    });
    std::iter::once(owner).chain(named).collect()
}

macro_rules! nodes {
    ($type:ty) => {
        impl Nodes for $type {
            fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
                failed("to read", path, maybe(self.nodes().read(path)))
            }

            fn list(&mut self, path: &str) -> Result<Vec<String>, StoreError> {
                let list = maybe(self.nodes().directory(path));
                failed("to list", path, list).map(Option::unwrap_or_default)
            }

            fn write(&mut self, path: &str, value: &[u8]) -> Result<(), StoreError> {
                failed("to write", path, self.nodes().write(path, value))
            }

            fn mkdir(&mut self, path: &str) -> Result<(), StoreError> {
                failed("to make", path, self.nodes().make_directory(path))
            }

            fn remove(&mut self, path: &str) -> Result<(), StoreError> {
                failed("to remove", path, maybe(self.nodes().remove(path))).map(drop)
            }

            fn set_permissions(
                &mut self,
                path: &str,
                given: &device::Permissions,
            ) -> Result<(), StoreError> {
                let list = permissions(given);
                failed(
                    "to set permissions of",
                    path,
                    self.nodes().set_permissions(path, &list),
                )
            }
        }
    };
}

/// Nodes inside a transaction.
struct Inside<'a, 'b>(&'a mut Transaction<'b>);

impl<'b> Inside<'_, 'b> {
    fn nodes(&mut self) -> &mut Transaction<'b> {
        self.0
    }
}

impl DeviceStore {
    fn nodes(&mut self) -> &mut Handle {
        &mut self.0
    }
}

nodes!(DeviceStore);
nodes!(Inside<'_, '_>);

impl Store for DeviceStore {
    fn transaction(&mut self, body: &mut Body<'_>) -> Result<(), StoreError> {
        let mut inner = Ok(());
        let outer = self.0.transaction(|transaction| {
            inner = body(&mut Inside(transaction));
            // What it answers matters to the store only by being an error.
            inner.as_ref().map(drop).map_err(|_| Error::Invalid)
        });
        inner?;
        failed("a transaction of", "/", outer)
    }

    fn watch(&mut self, path: &str) -> Result<Box<dyn Watch>, StoreError> {
        let watcher = failed("to watch", path, self.0.watch(path))?;
        Ok(Box::new(DeviceWatch(watcher)))
    }
}

/// A watch of a path.
struct DeviceWatch(Watcher);

impl Watch for DeviceWatch {
    fn wait(&mut self, limit: Duration) -> Result<bool, StoreError> {
        let came = self.0.next_within(limit).is_ok();
        // One look is enough for all changes till now.
        self.0.pending().for_each(drop);
        Ok(came)
    }
}
