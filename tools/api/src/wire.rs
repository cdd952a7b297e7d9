//! Lines of JSON.

use std::io::{self, BufRead, Read as _, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Failure, Request};

/// The longest line, in bytes.
pub const LINE_LIMIT: u64 = 4 << 20;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// [`VERSION`](crate::VERSION) of the client.
    pub version: u32,
    /// What it wants.
    pub request: Request,
}

/// What the daemon says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// One of several, before the reply.
    Item(Value),
    /// The last line.
    Reply(Value),
    /// The last line, where it went wrong.
    Failure(Failure),
}

/// Writes a message and the end of its line.
///
/// # Errors
/// The other end is gone.
pub fn write_line(into: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    into.write_all(&line)?;
    into.flush()
}

/// Reads a line; `None` at the end.
///
/// # Errors
/// The line is too long, ends early, or is no message.
pub fn read_line<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(LINE_LIMIT).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        let message = "a line is cut off, or longer than 4 MiB";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_messages() {
        let mut bytes = Vec::new();
        write_line(&mut bytes, &Frame::Reply(Value::Null)).unwrap();
        assert_eq!(bytes, b"{\"reply\":null}\n");
        let read: Option<Frame> = read_line(&mut bytes.as_slice()).unwrap();
        assert_eq!(read, Some(Frame::Reply(Value::Null)));
        assert_eq!(read_line::<Frame>(&mut b"".as_slice()).unwrap(), None);
        assert!(read_line::<Frame>(&mut b"{\"reply\":".as_slice()).is_err());
    }

    proptest! {
        #[test]
        fn no_line_ends_in_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = read_line::<Call>(&mut bytes.as_slice());
        }
    }
}
