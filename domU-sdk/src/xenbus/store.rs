//! The connection to the store.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use ringwall_abi::io::xs_wire::MessageType;
use ringwall_abi::{Errno, Port};
use spin::{Mutex, Once};

use super::connection::Connection;
use super::{Nodes, StoreError, Transaction, Watch, path};
use crate::device::{Guest, Platform};
use crate::{SharedPage, start};

/// For how long the store may take for an answer, in nanoseconds.
const ANSWER_NS: u64 = 60_000_000_000;
/// How often a transaction that met others is tried again.
const ATTEMPTS: usize = 100;

/// The connection to the store. Copies of it are the same connection.
///
/// Operations wait for the store's answer; they must not be called in event handlers.
#[derive(Clone, Debug)]
pub struct Store<P: Platform = Guest> {
    connection: Arc<Mutex<Connection<P>>>,
    platform: P,
}

impl Store {
    /// The domain's connection, the same each time.
    ///
    /// # Errors
    /// [`StoreError::Absent`]: the domain has none.
    pub fn open() -> Result<Self, StoreError> {
        static STORE: Once<Option<Store>> = Once::new();
        let store = STORE.call_once(|| {
            let (page, port) = start::store_ring()?;
            Some(Self::new(Guest, page, port))
        });
        store.clone().ok_or(StoreError::Absent)
    }
}

impl<P: Platform> Store<P> {
    /// A connection by the ring on `page` and the event channel `port`, as the start of day names
    /// them. There is one for each domain: who makes two gets neither's answers right.
    #[must_use]
    pub fn new(platform: P, page: SharedPage, port: Port) -> Self {
        Self {
            connection: Arc::new(Mutex::new(Connection::new(platform.clone(), page, port))),
            platform,
        }
    }

    /// Watches a node and all below it. The first event comes at once.
    ///
    /// # Errors
    /// `EACCES`; `E2BIG`: the domain has too many watches.
    pub fn watch(&self, node: &str) -> Result<Watch<P>, StoreError> {
        path::check(node)?;
        let until_ns = self.deadline();
        let mut connection = self.connection.lock();
        let token = connection.events.add();
        let text = token.to_string();
        let parts = [node.as_bytes(), b"\0", text.as_bytes(), b"\0"];
        match connection.request(MessageType::Watch, 0, &parts, until_ns) {
            Ok(_) => Ok(Watch {
                store: self.clone(),
                path: node.into(),
                token,
            }),
            Err(error) => {
                connection.events.remove(token);
                Err(error)
            }
        }
    }

    /// Does `act` in a transaction, again where the store says that it met another one.
    ///
    /// # Errors
    /// What `act` returns; what the transaction's start and end return, `EAGAIN` when it met others a
    /// hundred times.
    pub fn transaction<T>(
        &self,
        mut act: impl FnMut(&Transaction<P>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let again = StoreError::Refused(Errno::EAGAIN);
        for _ in 0..ATTEMPTS {
            let transaction = Transaction::start(self)?;
            let result = act(&transaction)?;
            match transaction.commit() {
                Ok(()) => return Ok(result),
                Err(error) if error == again => {}
                Err(error) => return Err(error),
            }
        }
        Err(again)
    }

    /// The platform.
    pub fn platform(&self) -> &P {
        &self.platform
    }

    /// The port that the store signals.
    #[must_use]
    pub fn port(&self) -> Port {
        self.connection.lock().port()
    }

    pub(super) fn request_in(
        &self,
        transaction: u32,
        kind: MessageType,
        parts: &[&[u8]],
    ) -> Result<Vec<u8>, StoreError> {
        let until_ns = self.deadline();
        let mut connection = self.connection.lock();
        connection.request(kind, transaction, parts, until_ns)
    }

    pub(super) fn take_event(&self, token: u32) -> Result<Option<String>, StoreError> {
        let mut connection = self.connection.lock();
        connection.poll()?;
        Ok(connection.events.pop(token))
    }

    pub(super) fn wait_event(&self, token: u32, until_ns: u64) -> Result<String, StoreError> {
        let port = self.port();
        loop {
            if let Some(path) = self.take_event(token)? {
                return Ok(path);
            }
            if self.platform.now_ns() >= until_ns {
                return Err(StoreError::TimedOut);
            }
            self.platform.wait(&[port], until_ns);
        }
    }

    pub(super) fn end_watch(&self, path: &str, token: u32) {
        let until_ns = self.deadline();
        let mut connection = self.connection.lock();
        let text = token.to_string();
        let parts = [path.as_bytes(), b"\0", text.as_bytes(), b"\0"];
        // Events of a watch that could not be removed are ignored.
        let _ = connection.request(MessageType::Unwatch, 0, &parts, until_ns);
        connection.events.remove(token);
    }

    fn deadline(&self) -> u64 {
        self.platform.now_ns().saturating_add(ANSWER_NS)
    }
}

impl<P: Platform> Nodes for Store<P> {
    fn request(&self, kind: MessageType, parts: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
        self.request_in(0, kind, parts)
    }
}
