//! What the toolstack asks of the domain.

use alloc::string::String;

use super::{Nodes, Store, StoreError, Watch};
use crate::device::{Guest, Platform};

const NODE: &str = "control/shutdown";
/// What the domain says that it understands.
const FEATURES: [&str; 3] = [
    "control/feature-poweroff",
    "control/feature-reboot",
    "control/feature-suspend",
];

/// What the toolstack asks of the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Switch yourself off.
    PowerOff,
    /// Switch yourself off, to be started again.
    Reboot,
    /// Suspend yourself: [`shutdown::suspend`](crate::shutdown::suspend).
    Suspend,
    /// Something else.
    Other(String),
}

/// Listens for the toolstack's requests.
#[derive(Debug)]
pub struct Control<P: Platform = Guest> {
    store: Store<P>,
    watch: Watch<P>,
}

impl<P: Platform> Control<P> {
    /// Tells the toolstack that this domain understands its requests, and listens.
    ///
    /// # Errors
    /// The store's.
    pub fn new(store: &Store<P>) -> Result<Self, StoreError> {
        let watch = store.watch(NODE)?;
        for feature in FEATURES {
            match store.write(feature, "1") {
                // Some toolstacks write them themselves, and leave the domain no right to.
                Ok(()) | Err(StoreError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            store: store.clone(),
            watch,
        })
    }

    /// A request, if there is one: no waiting. It is acknowledged, and has to be followed.
    ///
    /// # Errors
    /// The store's.
    pub fn take(&mut self) -> Result<Option<Request>, StoreError> {
        while self.watch.take()?.is_some() {
            if let Some(request) = self.acknowledge()? {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }

    /// Waits for a request until the platform's time is `until_ns`.
    ///
    /// # Errors
    /// The store's; [`StoreError::TimedOut`].
    pub fn wait(&mut self, until_ns: u64) -> Result<Request, StoreError> {
        loop {
            self.watch.wait(until_ns)?;
            if let Some(request) = self.acknowledge()? {
                return Ok(request);
            }
        }
    }

    /// Reads what is asked and writes the empty value, both at once: so that nothing that is asked
    /// in between gets lost.
    fn acknowledge(&self) -> Result<Option<Request>, StoreError> {
        let text = self.store.transaction(|transaction| {
            let text = match transaction.read(NODE) {
                Ok(text) => text,
                Err(error) if error.is_absent() => String::new(),
                Err(error) => return Err(error),
            };
            if !text.is_empty() {
                transaction.write(NODE, "")?;
            }
            Ok(text)
        })?;
        Ok(match text.as_str() {
            "" => None,
            "poweroff" | "halt" => Some(Request::PowerOff),
            "reboot" => Some(Request::Reboot),
            "suspend" => Some(Request::Suspend),
            _ => Some(Request::Other(text)),
        })
    }
}
