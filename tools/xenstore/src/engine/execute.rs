//! A request's way from message to answer.

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::MessageHeader;

use super::{ConnectionId, Engine, Indices, Record};
use crate::error::{Error, Result};
use crate::message;
use crate::permissions::Caller;
use crate::request::{Ending, Introduction, Operation, Request};
use crate::transaction::Transaction;

/// What requests do outside of the state.
pub(crate) trait Effects {
    /// Maps a domain's ring and binds its event channel; where the ring stands.
    fn reach(&mut self, introduction: &Introduction) -> Result<Indices>;
    /// Gives both back.
    fn let_go(&mut self, domain: DomainId);
    /// Keeps what changed the state.
    fn record(&mut self, record: &Record<'_>);
}

/// A request with what it comes with.
pub(super) struct Call<'a> {
    pub(super) connection: ConnectionId,
    pub(super) caller: Caller,
    /// The transaction's number, or 0.
    pub(super) transaction: u32,
    pub(super) effects: &'a mut dyn Effects,
}

impl Engine {
    /// Carries out a request, and queues the answer. Who brought the request looks for it.
    pub(crate) fn execute(
        &mut self,
        id: ConnectionId,
        header: &MessageHeader,
        payload: &[u8],
        effects: &mut dyn Effects,
    ) {
        let caller = self.caller(id);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let mut answer = connection.outbox.buffer();
        let place = connection.outbox.len();
        let mut call = Call {
            connection: id,
            caller,
            transaction: header.tx_id,
            effects,
        };
        message::write(&mut answer, header.kind, header, |into| {
            let request = Request::decode(header.kind, payload, caller.domain)?;
            self.perform(request, &mut call, into)
        });
        // Gone meanwhile if the request was to release the caller.
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.outbox.push_answer(place, answer);
        }
    }

    /// Carries out a request; what it appends to `into` is the answer.
    fn perform(
        &mut self,
        request: Request<'_>,
        call: &mut Call<'_>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        match request {
            Request::Read(path) => return self.read(&path, call, into),
            Request::Directory(path) => return self.directory(&path, call, into),
            Request::DirectoryPart { path, offset } => {
                return self.directory_part(&path, offset, call, into);
            }
            Request::GetPermissions(path) => return self.get_permissions(&path, call, into),
            Request::GetDomainPath(domain) => return put(into, &crate::path::home(domain)),
            Request::IsDomainIntroduced(domain) => {
                return put(into, if self.is_introduced(domain) { "T" } else { "F" });
            }
            Request::StartTransaction => {
                let number = self.start_transaction(call)?;
                return put(into, &number.to_string());
            }
            Request::Control(command) => {
                call.privileged()?;
                return self.control(command, into);
            }
            Request::Change(operation) => self.request_change(operation, call)?,
            Request::EndTransaction(ending) => self.end_transaction(ending, call)?,
            Request::Watch(watch) => self.watch(call.connection, &watch)?,
            Request::Unwatch(watch) => self.remove_watch(&watch, call)?,
            Request::ResetWatches => self.reset_watches(call.connection),
            Request::Introduce(introduction) => {
                call.privileged()?;
                self.request_introduction(&introduction, call.effects)?;
            }
            Request::Release(domain) => {
                call.privileged()?;
                self.request_release(domain, call.effects)?;
            }
            Request::Resume(domain) => {
                call.privileged()?;
                self.resume(domain)?;
                call.effects.record(&Record::Resume(domain));
            }
            Request::SetTarget { domain, target } => {
                call.privileged()?;
                self.set_target(domain, target)?;
                call.effects.record(&Record::SetTarget { domain, target });
            }
        }
        put(into, "OK")
    }

    /// Makes a change, within the caller's transaction if there is one.
    fn request_change(&mut self, operation: Operation<'_>, call: &mut Call<'_>) -> Result<()> {
        if call.transaction != 0 {
            let connection = self
                .connections
                .get_mut(&call.connection)
                .ok_or(Error::NotFound)?;
            let transaction = connection.transaction(call.transaction)?;
            return transaction.apply(operation, &call.caller, &self.quota);
        }
        let operations = [operation];
        self.change(&operations, &call.caller)?;
        call.effects.record(&Record::change(&operations));
        Ok(())
    }

    fn start_transaction(&mut self, call: &Call<'_>) -> Result<u32> {
        if call.transaction != 0 {
            return Err(Error::Busy);
        }
        let connection = self
            .connections
            .get_mut(&call.connection)
            .ok_or(Error::NotFound)?;
        if !call.caller.is_privileged() && connection.transactions.len() >= self.quota.transactions
        {
            return Err(Error::Quota);
        }
        Ok(connection.add_transaction(Transaction::new(&self.store)))
    }

    fn end_transaction(&mut self, ending: Ending, call: &mut Call<'_>) -> Result<()> {
        let connection = self
            .connections
            .get_mut(&call.connection)
            .ok_or(Error::NotFound)?;
        let transaction = connection
            .transactions
            .remove(&call.transaction)
            .ok_or(Error::NotFound)?;
        if ending == Ending::Discard {
            return Ok(());
        }
        let operations = transaction.finish(&self.store)?;
        if operations.is_empty() {
            return Ok(());
        }
        self.change(&operations, &call.caller)
            .map_err(|error| match error {
                // What it may have changed too since the transaction began.
                Error::Quota => error,
                _ => Error::Again,
            })?;
        call.effects.record(&Record::change(&operations));
        Ok(())
    }
}

impl Call<'_> {
    /// An error unless the control domain asks.
    fn privileged(&self) -> Result<()> {
        if self.caller.is_privileged() {
            Ok(())
        } else {
            Err(Error::Access)
        }
    }
}

/// Appends a string with its end.
pub(super) fn put(into: &mut Vec<u8>, text: &str) -> Result<()> {
    into.extend_from_slice(text.as_bytes());
    into.push(0);
    Ok(())
}
