//! Operations that are done together, or not at all.

use alloc::vec::Vec;

use ringwall_abi::io::xs_wire::MessageType;

use super::{Nodes, Store, StoreError};
use crate::device::{Guest, Platform};

/// A transaction: others see nothing of it before [`Self::commit`]. Dropped, it is taken back.
#[derive(Debug)]
pub struct Transaction<P: Platform = Guest> {
    store: Store<P>,
    id: u32,
    ended: bool,
}

impl<P: Platform> Transaction<P> {
    /// Starts one. [`Store::transaction`] also tries again.
    ///
    /// # Errors
    /// `EBUSY` or `ENOSPC`: the domain has too many.
    pub fn start(store: &Store<P>) -> Result<Self, StoreError> {
        let answer = store.request_in(0, MessageType::TransactionStart, &[b"\0"])?;
        let text = core::str::from_utf8(&answer).map_err(|_| StoreError::BadAnswer)?;
        let id = text.trim_end_matches('\0').parse();
        match id {
            // 0 stands for "no transaction".
            Ok(0) | Err(_) => Err(StoreError::BadAnswer),
            Ok(id) => Ok(Self {
                store: store.clone(),
                id,
                ended: false,
            }),
        }
    }

    /// Ends it: all is done, unless it fails.
    ///
    /// # Errors
    /// `EAGAIN`: somebody else changed what it read or wrote; nothing was done.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.ended = true;
        self.store
            .request_in(self.id, MessageType::TransactionEnd, &[b"T\0"])
            .map(drop)
    }
}

impl<P: Platform> Nodes for Transaction<P> {
    fn request(&self, kind: MessageType, parts: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
        self.store.request_in(self.id, kind, parts)
    }
}

impl<P: Platform> Drop for Transaction<P> {
    fn drop(&mut self) {
        if !self.ended {
            // If the store does not know it any more, all the better.
            let _ = self
                .store
                .request_in(self.id, MessageType::TransactionEnd, &[b"F\0"]);
        }
    }
}
