//! Reads and writes of any length, several requests at a time.

use alloc::collections::VecDeque;

use super::{Block, BlockError, REQUEST_BYTES, Token};
use crate::device::Platform;

impl<P: Platform> Block<P> {
    /// Reads from `offset` on until `into` is full.
    ///
    /// # Errors
    /// Any [`BlockError`] but `BadToken`; `Busy` only where results of submitted requests, which
    /// nobody takes, use up all room. What `into` holds then is anything.
    pub fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), BlockError> {
        self.geometry.check(offset, into.len() as u64)?;
        self.transfer(
            offset,
            into.chunks_mut(REQUEST_BYTES),
            |block, at, part| Ok((block.submit_read(at, part.len())?, part.len())),
            |part| part,
        )
    }

    /// Writes `bytes` at `offset`. On the disk itself they are after [`Self::flush`].
    ///
    /// # Errors
    /// As [`Self::read`]; [`BlockError::ReadOnly`]. Parts may have been written.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), BlockError> {
        self.geometry.check(offset, bytes.len() as u64)?;
        self.transfer(
            offset,
            bytes.chunks(REQUEST_BYTES),
            |block, at, part| Ok((block.submit_write(at, part)?, part.len())),
            |_| &mut [],
        )
    }

    /// Submits the parts, as many as go at a time, and waits for the oldest where no more do.
    fn transfer<T>(
        &mut self,
        offset: u64,
        parts: impl Iterator<Item = T>,
        submit: impl Fn(&mut Self, u64, &T) -> Result<(Token, usize), BlockError>,
        into: impl Fn(&mut T) -> &mut [u8],
    ) -> Result<(), BlockError> {
        let mut at = offset;
        let mut parts = parts.peekable();
        let mut submitted = VecDeque::new();
        let mut step = |block: &mut Self, submitted: &mut VecDeque<(Token, T)>| {
            if let Some(part) = parts.peek() {
                match submit(block, at, part) {
                    Ok((token, length)) => {
                        at += length as u64;
                        submitted.extend(parts.next().map(|part| (token, part)));
                        return Ok(true);
                    }
                    Err(BlockError::Busy) if submitted.is_empty() => {
                        return block.wait_for_room().map(|()| true);
                    }
                    Err(BlockError::Busy) => {}
                    Err(error) => return Err(error),
                }
            }
            match submitted.pop_front() {
                Some((token, mut part)) => block.wait(token, into(&mut part)).map(|()| true),
                None => Ok(false),
            }
        };
        let result = loop {
            match step(self, &mut submitted) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        for (token, _) in submitted {
            self.forget(token);
        }
        result
    }
}
