//! The state as a whole, as it is written down.

use std::collections::BTreeMap;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::outbox::{Message, Outbox};
use super::state::Domain;
use super::stream::Stream;
use super::{ConnectionId, Engine};
use crate::quota::Quota;
use crate::store::{Image, Store};
use crate::transaction::Transaction;
use crate::watch::Watches;

/// What a server that is started again needs: the store, and all that belongs to domains. The connections of
/// processes end with the server that they were made to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EngineImage {
    store: Image,
    quota: Quota,
    watches: Watches,
    domains: BTreeMap<DomainId, Domain>,
    connections: Vec<ConnectionImage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ConnectionImage {
    domain: DomainId,
    /// The numbers of its transactions.
    transactions: Vec<u32>,
    last_transaction: u32,
    outbox: Vec<Message>,
    stream: Stream,
}

impl Engine {
    /// Whether a domain has a transaction that can still succeed.
    pub(crate) fn has_transactions(&self) -> bool {
        let mut rings = self
            .connections
            .values()
            .filter(|connection| connection.stream.is_some());
        rings.any(|connection| {
            connection
                .transactions
                .values()
                .any(|open| !open.is_doomed())
        })
    }

    /// What [`Engine::restore`] takes. The transactions of domains are not in it: they have to be tried again, here
    /// as there, so that both go on in the same way.
    pub(crate) fn image(&mut self) -> EngineImage {
        for connection in self
            .connections
            .values_mut()
            .filter(|connection| connection.stream.is_some())
        {
            for transaction in connection.transactions.values_mut() {
                *transaction = Transaction::doomed(&self.store);
            }
        }
        let domains = self.connections.iter().filter_map(|(id, connection)| {
            Some(ConnectionImage {
                domain: id.domain(),
                transactions: connection.transactions.keys().copied().collect(),
                last_transaction: connection.last_transaction,
                outbox: connection.outbox.messages(),
                stream: connection.stream.clone()?,
            })
        });
        let mut watches = self.watches.clone();
        for id in self.connections.keys() {
            if !matches!(id, ConnectionId::Domain(_)) {
                watches.remove_all(*id);
            }
        }
        EngineImage {
            store: self.store.image(),
            quota: self.quota,
            watches,
            domains: self.domains.clone(),
            connections: domains.collect(),
        }
    }

    /// The state that an image was made of, or `None` if it was made of none.
    pub(crate) fn restore(image: EngineImage) -> Option<Self> {
        let mut engine = Self {
            store: Store::restore(image.store)?,
            quota: image.quota,
            watches: image.watches,
            connections: BTreeMap::new(),
            domains: image.domains,
            ready: Vec::new(),
        };
        for saved in image.connections {
            let id = ConnectionId::Domain(saved.domain);
            let mut connection = Connection::new(Some(saved.stream));
            connection.last_transaction = saved.last_transaction;
            connection.watches = engine.watches.of(id).count();
            connection.outbox = Outbox::with(saved.outbox);
            let doomed = saved.transactions.into_iter();
            connection.transactions = doomed
                .map(|number| (number, Transaction::doomed(&engine.store)))
                .collect();
            engine.connections.insert(id, connection);
        }
        Some(engine)
    }
}
