//! A connection to the daemon.

use std::io::{BufReader, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Call, Failure, Frame, Kind, Request, Result, SOCKET, SOCKET_VARIABLE, VERSION, read_line,
    write_line,
};

/// A connection, good for one request.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// The socket that the environment names, or the usual one.
    #[must_use]
    pub fn socket() -> PathBuf {
        std::env::var_os(SOCKET_VARIABLE).map_or_else(|| SOCKET.into(), PathBuf::from)
    }

    /// Connects, and asks.
    ///
    /// # Errors
    /// [`Kind::Unreachable`]: nobody listens there.
    pub fn ask(socket: &Path, request: Request) -> Result<Self> {
        let shown = socket.display();
        let stream = UnixStream::connect(socket).map_err(|error| {
            let remedy = match error.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => "start ringd in dom0",
                ErrorKind::PermissionDenied => "run ringctl as root",
                _ => "see ringd's log",
            };
            let message = format!("ringd can't be reached at {shown}: {error}: {remedy}");
            Failure::new(Kind::Unreachable, message)
        })?;
        let call = Call {
            version: VERSION,
            request,
        };
        write_line(&mut &stream, &call).map_err(|error| lost(&error.to_string()))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Waits for the reply, handing `each` the items before it.
    ///
    /// # Errors
    /// The daemon's failure, what `each` failed with, or [`Kind::Unreachable`].
    pub fn stream(&mut self, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<Value> {
        loop {
            let frame = read_line(&mut self.stream).map_err(|error| lost(&error.to_string()))?;
            match frame {
                Some(Frame::Item(item)) => each(item)?,
                Some(Frame::Reply(reply)) => return Ok(reply),
                Some(Frame::Failure(failure)) => return Err(failure),
                None => return Err(lost("it ended before it answered")),
            }
        }
    }

    /// Waits for the reply alone.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub fn reply(&mut self) -> Result<Value> {
        self.stream(&mut |_| Ok(()))
    }

    /// The connection after a reply, for a console's bytes; some may have been read already.
    #[must_use]
    pub fn into_stream(self) -> BufReader<UnixStream> {
        self.stream
    }
}

/// A value as a type.
///
/// # Errors
/// It is another one: the daemon is of another version.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|error| lost(&format!("its answer is not understood: {error}")))
}

impl Client {
    /// Asks, and returns the reply as a type.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub fn call<T: DeserializeOwned>(socket: &Path, request: Request) -> Result<T> {
        typed(Self::ask(socket, request)?.reply()?)
    }
}

fn lost(why: &str) -> Failure {
    Failure::new(Kind::Unreachable, format!("ringd was lost: {why}"))
}
