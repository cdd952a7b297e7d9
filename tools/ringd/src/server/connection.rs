//! A client's connection.

use std::io::{self, BufReader};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ringwall_api::{Call, Failure, Frame, Kind, Request, Result, VERSION, read_line, write_line};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;
use serde::Serialize;
use serde_json::Value;

/// How long a client may take to say what it wants, and to take what it gets.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub(super) struct Connection {
    stream: BufReader<UnixStream>,
    /// The reply has been sent: what follows are a console's bytes.
    is_raw: bool,
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream: BufReader::new(stream),
            is_raw: false,
        }
    }

    /// What the client wants.
    pub(super) fn request(&mut self) -> Result<Request> {
        let stream = self.stream.get_ref();
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let call: Option<serde_json::Value> = read_line(&mut self.stream)
            .map_err(|error| Failure::new(Kind::Usage, format!("this is no request: {error}")))?;
        let call = call.ok_or_else(|| Failure::new(Kind::Usage, "there was no request"))?;
        // The version first: of another one nothing else need be understood.
        let version = call.get("version").and_then(Value::as_u64);
        if version != Some(VERSION.into()) {
            let message = format!(
                "ringctl and ringd are of different versions: ringd has {VERSION}; use those of one release"
            );
            return Err(Failure::new(Kind::Unreachable, message));
        }
        let call: Call = serde_json::from_value(call)
            .map_err(|error| Failure::new(Kind::Usage, format!("this is no request: {error}")))?;
        Ok(call.request)
    }

    /// Sends one of several.
    pub(super) fn item(&self, item: &impl Serialize) -> Result<()> {
        let item = serde_json::to_value(item).map_err(io::Error::from)?;
        Ok(write_line(&mut self.stream.get_ref(), &Frame::Item(item))?)
    }

    /// Sends the reply. What follows are bytes, by the stream that this answers.
    pub(super) fn turn_raw(&mut self) -> Result<UnixStream> {
        write_line(&mut self.stream.get_ref(), &Frame::Reply(Value::Null))?;
        self.is_raw = true;
        let stream = self.stream.get_ref();
        stream.set_read_timeout(None)?;
        Ok(stream.try_clone()?)
    }

    /// What the client sent after its request already.
    pub(super) fn read_ahead(&self) -> Vec<u8> {
        self.stream.buffer().to_vec()
    }

    /// Whether the client is gone: for those that only wait.
    pub(super) fn is_gone(&self) -> bool {
        let mut byte = [0_u8; 1];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        match rustix::net::recv(self.stream.get_ref(), &mut byte, flags) {
            Ok((_, length)) => length == 0,
            Err(error) => error != rustix::io::Errno::AGAIN && error != rustix::io::Errno::INTR,
        }
    }

    /// Whether the client has closed both directions; one that sends no more may still read.
    pub(super) fn is_hung_up(&self) -> bool {
        let mut wanted = [PollFd::new(self.stream.get_ref(), PollFlags::empty())];
        let _ = poll(&mut wanted, Some(&Timespec::default()));
        let [one] = &wanted;
        one.revents().intersects(PollFlags::HUP | PollFlags::ERR)
    }

    /// Ends the connection, also for those that read from it.
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.get_ref().shutdown(how)
    }

    /// The last line. A client that is gone does not hear it.
    pub(super) fn finish(self, outcome: Result<Value>) {
        if self.is_raw {
            return;
        }
        let frame = match outcome {
            Ok(reply) => Frame::Reply(reply),
            Err(failure) => Frame::Failure(failure),
        };
        let _ = write_line(&mut self.stream.get_ref(), &frame);
    }
}
