//! One socket.

use std::io::{self, Read as _, Write as _};

use mio::net::UnixStream;

use super::shared::State;
use crate::engine::ConnectionId;
use crate::message::{self, MESSAGE_MAX, Parsed};

/// Room for what is read at once.
const INPUT_SIZE: usize = 2 * MESSAGE_MAX;
/// Bytes that are gathered for one write.
const OUTPUT_SIZE: usize = 16 << 10;
/// Requests in one turn, so that others get theirs.
const TURN: usize = 32;
/// Answers that wait: from there on no requests are read.
const ANSWERS_MAX: usize = 64;

/// A process of the control domain.
pub(super) struct Client {
    id: ConnectionId,
    pub(super) stream: UnixStream,
    input: Box<[u8]>,
    /// How much of the input is filled.
    filled: usize,
    output: Vec<u8>,
    /// How much of the output is written.
    written: usize,
    /// Whether there may be more to read.
    readable: bool,
    /// Whether the socket takes no more for now.
    pub(super) blocked: bool,
}

/// What a client needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// To be told when its socket can do something.
    Wait,
    /// Another turn.
    Turn,
    /// To be forgotten.
    End,
}

impl Client {
    pub(super) fn new(number: u64, stream: UnixStream) -> Self {
        Self {
            id: ConnectionId::Socket(number),
            stream,
            input: vec![0; INPUT_SIZE].into_boxed_slice(),
            filled: 0,
            output: Vec::new(),
            written: 0,
            readable: true,
            blocked: false,
        }
    }

    /// Notes what the socket can do.
    pub(super) fn note(&mut self, readable: bool, writable: bool) {
        self.readable |= readable;
        if writable {
            self.blocked = false;
        }
    }

    /// Gives the client a turn.
    pub(super) fn serve(&mut self, state: &mut State) -> Next {
        self.turn(state).unwrap_or(Next::End)
    }

    fn turn(&mut self, state: &mut State) -> io::Result<Next> {
        self.flush(state)?;
        // A client that does not take its answers is not asked for requests.
        if self.is_stuck(state) {
            return Ok(Next::Wait);
        }
        if self.readable && !self.fill()? {
            return Ok(Next::End);
        }
        let more = self.execute(state)?;
        state.settle();
        self.flush(state)?;
        Ok(if (more || self.readable) && !self.is_stuck(state) {
            Next::Turn
        } else {
            Next::Wait
        })
    }

    fn is_stuck(&self, state: &State) -> bool {
        self.blocked && state.engine.answers(self.id) > ANSWERS_MAX
    }

    /// Reads what is there; false at its end.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(room @ [_, ..]) = self.input.get_mut(self.filled..) else {
            return Ok(true);
        };
        match self.stream.read(room) {
            Ok(0) => Ok(false),
            Ok(size) => {
                // A short read has emptied the socket, and what comes later is told anew: no need to ask.
                self.readable = size == room.len();
                self.filled = self.filled.saturating_add(size);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Carries out requests; whether there are more.
    fn execute(&mut self, state: &mut State) -> io::Result<bool> {
        let mut done = 0_usize;
        let mut more = true;
        for _ in 0..TURN {
            let rest = self.input.get(done..self.filled).unwrap_or_default();
            match message::parse(rest) {
                Parsed::Whole(header, payload, size) => {
                    state.execute(self.id, &header, payload);
                    done = done.saturating_add(size);
                }
                Parsed::Part(_) => {
                    more = false;
                    break;
                }
                Parsed::Broken => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        if done == self.filled {
            (self.filled, more) = (0, false);
        } else if done > 0 {
            self.input.copy_within(done..self.filled, 0);
            self.filled = self.filled.saturating_sub(done);
        }
        Ok(more)
    }

    /// Writes what the socket takes.
    fn flush(&mut self, state: &mut State) -> io::Result<()> {
        while !self.blocked {
            if self.written == self.output.len() {
                self.output.clear();
                self.written = 0;
                state.engine.take(self.id, &mut self.output, OUTPUT_SIZE);
                if self.output.is_empty() {
                    return Ok(());
                }
            }
            match self
                .stream
                .write(self.output.get(self.written..).unwrap_or_default())
            {
                Ok(size) => self.written = self.written.saturating_add(size),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
