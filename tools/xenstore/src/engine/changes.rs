//! Changes of the store, and of who is told of them.

use super::execute::Call;
use super::{ConnectionId, Engine};
use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::Caller;
use crate::request::{Operation, WatchRequest};

impl Engine {
    /// Makes all of the changes or none, and tells those who watch.
    pub(crate) fn change(&mut self, operations: &[Operation<'_>], caller: &Caller) -> Result<()> {
        if let [operation] = operations {
            let change = self.store.apply(operation, caller, &self.quota)?;
            self.announce(&operation.path, &change);
            return Ok(());
        }
        let mut after = self.store.clone();
        let apply = |operation| after.apply(operation, caller, &self.quota);
        let changes = operations.iter().map(apply).collect::<Result<Vec<_>>>()?;
        self.store = after;
        for (operation, change) in operations.iter().zip(changes) {
            self.announce(&operation.path, &change);
        }
        Ok(())
    }

    /// Adds a watch of a client; its first event waits from then on.
    pub(crate) fn watch(&mut self, id: ConnectionId, request: &WatchRequest<'_>) -> Result<()> {
        let caller = self.caller(id);
        let connection = self.connections.get_mut(&id).ok_or(Error::NotFound)?;
        if !caller.is_privileged() {
            if request.path.as_str().len() > self.quota.path_length {
                return Err(Error::Invalid);
            }
            if connection.watches >= self.quota.watches {
                return Err(Error::TooBig);
            }
        }
        let home = crate::path::home(caller.domain).len();
        let watch = self.watches.add(id, request, home)?;
        connection.watches = connection.watches.saturating_add(1);
        self.announce_watch(&request.path, &watch);
        Ok(())
    }

    pub(super) fn remove_watch(
        &mut self,
        request: &WatchRequest<'_>,
        call: &Call<'_>,
    ) -> Result<()> {
        self.watches
            .remove(call.connection, &request.path, request.token)?;
        if let Some(connection) = self.connections.get_mut(&call.connection) {
            connection.watches = connection.watches.saturating_sub(1);
        }
        Ok(())
    }

    /// Drops a client's watches and transactions.
    pub(super) fn reset_watches(&mut self, id: ConnectionId) {
        self.watches.remove_all(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.transactions.clear();
            connection.watches = 0;
        }
    }

    /// Whether the accounts are right.
    pub(super) fn is_consistent(&self) -> bool {
        let mut counts = std::collections::BTreeMap::<_, u32>::new();
        if let Some(root) = self.store.get(&Path::trusted("/")) {
            root.walk(|_, node| {
                let count = counts.entry(node.permissions.owner()).or_default();
                *count = count.saturating_add(1);
                true
            });
        }
        counts
            .iter()
            .all(|(domain, count)| self.store.owned_by(*domain) == *count)
    }
}
