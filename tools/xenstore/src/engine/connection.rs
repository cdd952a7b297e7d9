//! A client of the server.

use std::collections::BTreeMap;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use super::outbox::Outbox;
use super::stream::Stream;
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// Which client it is. Domains' connections outlive the server, the others don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum ConnectionId {
    /// A domain, by its ring.
    Domain(DomainId),
    /// A process of the control domain, by a socket.
    Socket(u64),
    /// A part of the process that the server runs in.
    Internal(u64),
}

impl ConnectionId {
    /// The domain on whose behalf it speaks.
    pub(crate) const fn domain(self) -> DomainId {
        match self {
            Self::Domain(domain) => domain,
            Self::Socket(_) | Self::Internal(_) => DomainId::DOM0,
        }
    }
}

/// What the server keeps of a client.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(super) transactions: BTreeMap<u32, Transaction>,
    /// The number of the last transaction that was started.
    pub(super) last_transaction: u32,
    /// How many watches it has.
    pub(super) watches: usize,
    pub(super) outbox: Outbox,
    /// A domain's ring.
    pub(super) stream: Option<Stream>,
}

impl Connection {
    /// One that has done nothing yet.
    pub(super) fn new(stream: Option<Stream>) -> Self {
        Self {
            transactions: BTreeMap::new(),
            last_transaction: 0,
            watches: 0,
            outbox: Outbox::default(),
            stream,
        }
    }

    /// A transaction that runs.
    pub(super) fn transaction(&mut self, number: u32) -> Result<&mut Transaction> {
        self.transactions.get_mut(&number).ok_or(Error::NotFound)
    }

    /// Takes in a transaction, and numbers it.
    pub(super) fn add_transaction(&mut self, transaction: Transaction) -> u32 {
        let mut number = self.last_transaction;
        loop {
            number = number.wrapping_add(1);
            if number != 0 && !self.transactions.contains_key(&number) {
                break;
            }
        }
        self.last_transaction = number;
        self.transactions.insert(number, transaction);
        number
    }
}
