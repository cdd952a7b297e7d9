//! Requests that are out, or whose result nobody took yet.

use alloc::vec::Vec;

use ringwall_abi::io::blkif::{BlockOp, BlockResponse};

use super::pool::Lease;
use super::submit::{Outcome, Token};

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: BlockOp,
    /// Bytes that a read gets.
    pub(super) length: usize,
    pub(super) lease: Lease,
    pub(super) state: State,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// At the back end.
    Out,
    /// At the back end, and nobody waits for it any more.
    Forgotten,
    /// Answered.
    Done(Outcome),
}

/// All of a device's requests. Their tokens are never used twice, so that a response that comes
/// twice, or late, is told from all others.
#[derive(Debug, Default)]
pub(super) struct Requests {
    slots: Vec<Option<(Token, Request)>>,
    next: u64,
}

impl Requests {
    /// Room for as many as the ring has, and for results.
    pub(super) fn new(size: usize) -> Self {
        let mut slots = Vec::new();
        slots.resize_with(size, || None);
        Self { slots, next: 0 }
    }

    /// Whether another one has room.
    pub(super) fn has_room(&self) -> bool {
        self.slots.iter().any(Option::is_none)
    }

    /// Adds a request; `None` where there is no room.
    pub(super) fn add(&mut self, request: Request) -> Option<Token> {
        let token = Token(self.next);
        let slot = self.slots.iter_mut().find(|slot| slot.is_none())?;
        *slot = Some((token, request));
        self.next = self.next.wrapping_add(1);
        Some(token)
    }

    pub(super) fn get(&mut self, token: Token) -> Option<&mut Request> {
        let mut used = self.slots.iter_mut().flatten();
        used.find(|(other, _)| *other == token)
            .map(|(_, request)| request)
    }

    pub(super) fn remove(&mut self, token: Token) -> Option<Request> {
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| matches!(slot, Some((other, _)) if *other == token))?;
        slot.take().map(|(_, request)| request)
    }

    /// Takes in a response: the request that it ended and that nobody waits for.
    ///
    /// The error is what is wrong with the response.
    pub(super) fn answered(
        &mut self,
        response: &BlockResponse,
    ) -> Result<Option<Request>, &'static str> {
        let token = Token(response.id);
        let request = self.get(token).ok_or("a response to no request")?;
        if matches!(request.state, State::Done(_)) {
            return Err("a second response to a request");
        }
        if response.operation != request.operation.number() {
            return Err("a response to another operation");
        }
        let outcome = match response.status {
            BlockResponse::OKAY => Outcome::Done,
            BlockResponse::ERROR => Outcome::Failed,
            BlockResponse::NOT_SUPPORTED => Outcome::NotSupported,
            _ => return Err("a status that does not exist"),
        };
        if request.state == State::Forgotten {
            return Ok(self.remove(token));
        }
        request.state = State::Done(outcome);
        Ok(None)
    }
}
