//! The state itself.

use std::collections::BTreeMap;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use super::ConnectionId;
use super::connection::Connection;
use crate::permissions::Caller;
use crate::quota::Quota;
use crate::request::Introduction;
use crate::store::Store;
use crate::watch::Watches;

/// The store, its clients, and the domains that it knows.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(super) store: Store,
    pub(super) quota: Quota,
    pub(super) watches: Watches,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) domains: BTreeMap<DomainId, Domain>,
    /// Clients for whom something came that is to be sent.
    pub(super) ready: Vec<ConnectionId>,
}

/// A domain that was introduced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Domain {
    pub(super) introduction: Introduction,
    /// The domain for which it may act.
    pub(super) target: Option<DomainId>,
    /// Whether it was told that it has shut down.
    pub(super) is_shut_down: bool,
}

impl Engine {
    /// The state at the machine's start.
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            store: Store::new(),
            quota,
            watches: Watches::default(),
            connections: BTreeMap::new(),
            domains: BTreeMap::new(),
            ready: Vec::new(),
        }
    }

    /// Takes in a client of the control domain.
    pub(crate) fn connect(&mut self, id: ConnectionId) {
        self.connections.insert(id, Connection::new(None));
    }

    /// Forgets a client of the control domain.
    pub(crate) fn disconnect(&mut self, id: ConnectionId) {
        self.forget(id);
        self.connections.remove(&id);
    }

    /// Clients for whom something came since this was asked last.
    pub(crate) fn take_ready(&mut self) -> Vec<ConnectionId> {
        core::mem::take(&mut self.ready)
    }

    /// Whether something came for a client since [`Engine::take_ready`].
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Appends messages for a client to `into`, until it has `enough` bytes.
    pub(crate) fn take(&mut self, id: ConnectionId, into: &mut Vec<u8>, enough: usize) {
        if let Some(connection) = self.connections.get_mut(&id) {
            while into.len() < enough && connection.outbox.pop(into) {}
        }
    }

    /// How many answers wait for a client.
    pub(crate) fn answers(&self, id: ConnectionId) -> usize {
        self.connections
            .get(&id)
            .map_or(0, |connection| connection.outbox.answers())
    }

    /// The limits of domains.
    pub(crate) const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The nodes.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Who speaks by a connection.
    pub(super) fn caller(&self, id: ConnectionId) -> Caller {
        let domain = id.domain();
        let target = match id {
            ConnectionId::Domain(domain) => {
                self.domains.get(&domain).and_then(|domain| domain.target)
            }
            ConnectionId::Socket(_) | ConnectionId::Internal(_) => None,
        };
        Caller { domain, target }
    }

    /// Drops a client's watches and transactions, and what it was to be sent.
    pub(super) fn forget(&mut self, id: ConnectionId) {
        self.watches.remove_all(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.transactions.clear();
            connection.watches = 0;
            connection.outbox.clear();
        }
    }
}
