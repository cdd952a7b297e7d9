//! Messages: a header and its payload.

use ringwall_abi::io::xs_wire::{MessageHeader, MessageType, PAYLOAD_MAX};
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::error::{Error, Result};

/// Bytes of a header.
pub(crate) const HEADER_SIZE: usize = size_of::<MessageHeader>();
/// Bytes of a message, at most.
pub(crate) const MESSAGE_MAX: usize = HEADER_SIZE + PAYLOAD_MAX;

/// What the start of a stream of bytes holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    /// A message, and how many bytes it has.
    Whole(MessageHeader, &'a [u8], usize),
    /// The start of one of so many bytes; of a header's size if that is not known.
    Part(usize),
    /// The start of one that is longer than messages may be: the stream makes no sense any more.
    Broken,
}

/// Looks at the start of a stream.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<'_> {
    let Ok((header, rest)) = MessageHeader::read_from_prefix(bytes) else {
        return Parsed::Part(HEADER_SIZE);
    };
    let length = usize::try_from(header.len).unwrap_or(usize::MAX);
    if length > PAYLOAD_MAX {
        return Parsed::Broken;
    }
    let size = HEADER_SIZE.saturating_add(length);
    match rest.get(..length) {
        Some(payload) => Parsed::Whole(header, payload, size),
        None => Parsed::Part(size),
    }
}

/// Writes a message whose payload `write` appends; if that is too long, an error takes its place.
pub(crate) fn write(
    into: &mut Vec<u8>,
    kind: u32,
    request: &MessageHeader,
    write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) {
    let start = into.len();
    let mut header = MessageHeader {
        kind,
        len: 0,
        ..*request
    };
    into.extend_from_slice(header.as_bytes());
    let payload = start.saturating_add(HEADER_SIZE);
    let length = |into: &Vec<u8>| into.len().saturating_sub(payload);
    let result = write(into).and_then(|()| {
        if length(into) > PAYLOAD_MAX {
            Err(Error::TooBig)
        } else {
            Ok(())
        }
    });
    if let Err(error) = result {
        into.truncate(payload);
        header.kind = MessageType::Error.number();
        into.extend_from_slice(error.name().as_bytes());
        into.push(0);
    }
    header.len = u32::try_from(length(into)).unwrap_or(0);
    if let Some(place) = into.get_mut(start..payload) {
        place.copy_from_slice(header.as_bytes());
    }
}

/// An event of a watch.
pub(crate) fn event(path: &str, token: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_SIZE + path.len() + token.len() + 2);
    write(
        &mut bytes,
        MessageType::WatchEvent.number(),
        &MessageHeader::default(),
        |bytes| {
            bytes.extend_from_slice(path.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(token);
            bytes.push(0);
            Ok(())
        },
    );
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u32) -> MessageHeader {
        MessageHeader {
            kind: 2,
            req_id: 7,
            tx_id: 9,
            len: length,
        }
    }

    #[test]
    fn lengths_are_checked_before_the_payload_is_there() {
        for (length, expected) in [
            (0, Parsed::Whole(header(0), &[], 16)),
            (4096, Parsed::Part(4112)),
            (4097, Parsed::Broken),
            (0x8000_0000, Parsed::Broken),
            (u32::MAX, Parsed::Broken),
        ] {
            assert_eq!(parse(header(length).as_bytes()), expected, "{length}");
        }
        assert_eq!(parse(&header(0).as_bytes()[..15]), Parsed::Part(16));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut bytes = vec![1, 2, 3];
        write(&mut bytes, 2, &header(5), |into| {
            into.extend([0; 4097]);
            Ok(())
        });
        let expected = MessageHeader {
            kind: 16,
            len: 6,
            ..header(0)
        };
        assert_eq!(parse(&bytes[3..]), Parsed::Whole(expected, b"E2BIG\0", 22));
    }
}
