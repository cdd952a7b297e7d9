//! The side of a disk that does not wait.

use ringwall_abi::io::blkif::{BlockOp, BlockRequest, DiscardFlags, DiscardRequest};
use zerocopy::IntoBytes;

use super::pool::Lease;
use super::requests::{Request, State};
use super::{Block, BlockError, REQUEST_BYTES, UNIT, Writes};
use crate::device::Platform;
use crate::ring::Notify;

/// A request that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub(super) u64);

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done,
    /// The disk failed.
    Failed,
    /// The disk can't do this.
    NotSupported,
}

impl<P: Platform> Block<P> {
    /// Starts to read `length` bytes, at most [`REQUEST_BYTES`], at `offset` bytes.
    ///
    /// # Errors
    /// [`BlockError::Misaligned`], [`BlockError::OutOfRange`], [`BlockError::Busy`], or why the
    /// device is closed.
    pub fn submit_read(&mut self, offset: u64, length: usize) -> Result<Token, BlockError> {
        self.submit_data(BlockOp::Read, offset, length, |_, _| ())
    }

    /// Starts to write `bytes`, at most [`REQUEST_BYTES`], at `offset` bytes. They are copied.
    ///
    /// # Errors
    /// As [`Self::submit_read`]; [`BlockError::ReadOnly`].
    pub fn submit_write(&mut self, offset: u64, bytes: &[u8]) -> Result<Token, BlockError> {
        self.writable()?;
        self.submit_data(BlockOp::Write, offset, bytes.len(), |block, lease| {
            block.pool.fill(lease, bytes);
        })
    }

    /// Starts to flush the disk's cache: what was finished before is then on the disk.
    ///
    /// # Errors
    /// [`BlockError::NotSupported`]: it has none to flush. [`BlockError::Busy`], or why the device is
    /// closed.
    pub fn submit_flush(&mut self) -> Result<Token, BlockError> {
        if !self.geometry.flush {
            return Err(BlockError::NotSupported);
        }
        self.room()?;
        let request = BlockRequest {
            operation: BlockOp::FlushDiskcache.number(),
            handle: self.handle,
            ..BlockRequest::default()
        };
        self.submit(BlockOp::FlushDiskcache, request, 0, Lease::default())
    }

    /// Starts to forget `length` bytes at `offset` bytes: what is read there then is anything.
    ///
    /// # Errors
    /// As [`Self::submit_write`]; [`BlockError::NotSupported`].
    pub fn submit_discard(&mut self, offset: u64, length: u64) -> Result<Token, BlockError> {
        self.writable()?;
        if !self.geometry.discard {
            return Err(BlockError::NotSupported);
        }
        let first = self.geometry.check(offset, length)?;
        self.room()?;
        let discard = DiscardRequest {
            operation: BlockOp::Discard.number(),
            flag: DiscardFlags::empty(),
            handle: self.handle,
            id: 0,
            sector_number: first,
            nr_sectors: length / UNIT,
            ..DiscardRequest::default()
        };
        let mut request = BlockRequest::default();
        if let Some(start) = request.as_mut_bytes().get_mut(..discard.as_bytes().len()) {
            start.copy_from_slice(discard.as_bytes());
        }
        self.submit(BlockOp::Discard, request, 0, Lease::default())
    }

    /// Takes the result of a request, or `None` where it is still out. What was read is copied to
    /// `into`, which has the length that was asked for; for other requests it is empty.
    ///
    /// # Errors
    /// [`BlockError::Failed`], [`BlockError::NotSupported`]; [`BlockError::BadToken`]; why the
    /// device is closed: then no request gets a result any more.
    pub fn finish(&mut self, token: Token, into: &mut [u8]) -> Result<Option<()>, BlockError> {
        self.poll()?;
        let request = self.requests.get(token).ok_or(BlockError::BadToken)?;
        let outcome = match request.state {
            State::Done(outcome) => outcome,
            State::Out => return Ok(None),
            State::Forgotten => return Err(BlockError::BadToken),
        };
        if into.len() != request.length {
            return Err(BlockError::BadToken);
        }
        if let Some(request) = self.requests.remove(token) {
            if outcome == Outcome::Done {
                self.pool.drain(&request.lease, into);
            }
            self.pool.give_back(request.lease);
        }
        match outcome {
            Outcome::Done => Ok(Some(())),
            Outcome::Failed => Err(BlockError::Failed),
            Outcome::NotSupported => Err(BlockError::NotSupported),
        }
    }

    /// Forgets a request: its result is nobody's, and its pages are free when it comes.
    pub fn forget(&mut self, token: Token) {
        let Some(request) = self.requests.get(token) else {
            return;
        };
        if request.state == State::Out {
            request.state = State::Forgotten;
        } else if let Some(request) = self.requests.remove(token) {
            self.pool.give_back(request.lease);
        }
    }

    fn writable(&self) -> Result<(), BlockError> {
        match self.geometry.writes {
            Writes::Allowed => Ok(()),
            Writes::Refused => Err(BlockError::ReadOnly),
        }
    }

    fn submit_data(
        &mut self,
        operation: BlockOp,
        offset: u64,
        length: usize,
        fill: impl FnOnce(&Self, &Lease),
    ) -> Result<Token, BlockError> {
        if length > REQUEST_BYTES {
            return Err(BlockError::Misaligned);
        }
        let first = self.geometry.check(offset, length as u64)?;
        self.room()?;
        let lease = self.pool.take(length)?;
        let mut request = BlockRequest {
            operation: operation.number(),
            handle: self.handle,
            sector_number: first,
            ..BlockRequest::default()
        };
        self.pool.describe(&lease, length, &mut request);
        fill(self, &lease);
        let gets = match operation {
            BlockOp::Read => length,
            _ => 0,
        };
        self.submit(operation, request, gets, lease)
    }

    /// Checks that another request can be submitted: to be called before pages are taken for it.
    fn room(&mut self) -> Result<(), BlockError> {
        self.poll()?;
        if self.ring.free() == 0 || !self.requests.has_room() {
            return Err(BlockError::Busy);
        }
        Ok(())
    }

    fn submit(
        &mut self,
        operation: BlockOp,
        mut request: BlockRequest,
        length: usize,
        lease: Lease,
    ) -> Result<Token, BlockError> {
        let state = State::Out;
        let token = self.requests.add(Request {
            operation,
            length,
            lease,
            state,
        });
        let token = token.ok_or(BlockError::Busy)?;
        request.id = token.0;
        self.ring.push(&request).map_err(BlockError::Ring)?;
        if self.ring.publish() == Notify::Needed {
            self.channel.notify()?;
        }
        Ok(token)
    }
}

// The identifier lies at the same place in all requests.
const _: () =
    assert!(core::mem::offset_of!(BlockRequest, id) == core::mem::offset_of!(DiscardRequest, id));
