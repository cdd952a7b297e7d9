//! Requests, taken out of their messages.

use std::borrow::Cow;

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::MessageType;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::{Permission, Permissions};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    Read(Path<'a>),
    Directory(Path<'a>),
    DirectoryPart { path: Path<'a>, offset: usize },
    GetPermissions(Path<'a>),
    Change(Operation<'a>),
    Watch(WatchRequest<'a>),
    Unwatch(WatchRequest<'a>),
    ResetWatches,
    StartTransaction,
    EndTransaction(Ending),
    Introduce(Introduction),
    Release(DomainId),
    Resume(DomainId),
    SetTarget { domain: DomainId, target: DomainId },
    GetDomainPath(DomainId),
    IsDomainIntroduced(DomainId),
    Control(&'a [u8]),
}

/// A change of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation<'a> {
    #[serde(borrow)]
    pub(crate) path: Path<'a>,
    #[serde(borrow)]
    pub(crate) action: Action<'a>,
}

/// What is done to the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action<'a> {
    /// It gets this value, and exists.
    #[serde(borrow)]
    Write(Cow<'a, [u8]>),
    /// It exists.
    MakeDirectory,
    /// It is gone, with all below it.
    Remove,
    /// It gets this owner and list.
    SetPermissions(Permissions),
}

/// A watch, as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchRequest<'a> {
    pub(crate) path: Path<'a>,
    /// Whether the client's path was relative: events come back in the same way.
    pub(crate) is_relative: bool,
    pub(crate) token: &'a [u8],
    /// How many levels below the path count.
    pub(crate) depth: Option<u32>,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Commit,
    Discard,
}

/// A domain and the ways to reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The domain.
    pub domain: DomainId,
    /// The frame of its ring, as the domain counts frames; for a PV domain the machine's number.
    pub frame: u64,
    /// The domain's event channel, which is unbound and for the server's domain.
    pub port: u32,
}

impl<'a> Request<'a> {
    /// Takes a message apart. Relative paths start at the home of `domain`.
    pub(crate) fn decode(kind: u32, payload: &'a [u8], domain: DomainId) -> Result<Self> {
        let kind = MessageType::try_from(kind).map_err(|_| Error::Unknown)?;
        let path = |text| Path::new(text, domain);
        let text = || only_string(payload);
        Ok(match kind {
            MessageType::Read => Self::Read(path(text()?)?),
            MessageType::Directory => Self::Directory(path(text()?)?),
            MessageType::DirectoryPart => {
                let (name, rest) = string(payload)?;
                let offset = decimal(only_string(rest)?)?;
                Self::DirectoryPart {
                    path: path(name)?,
                    offset,
                }
            }
            MessageType::GetPerms => Self::GetPermissions(Path::new_or_special(text()?, domain)?),
            MessageType::Write => {
                let (name, value) = string(payload)?;
                Self::change(path(name)?, Action::Write(Cow::Borrowed(value)))
            }
            MessageType::Mkdir => Self::change(path(text()?)?, Action::MakeDirectory),
            MessageType::Rm => Self::change(path(text()?)?, Action::Remove),
            MessageType::SetPerms => {
                let (name, list) = string(payload)?;
                let path = Path::new_or_special(name, domain)?;
                Self::change(path, Action::SetPermissions(permissions(list)?))
            }
            MessageType::Watch => Self::Watch(WatchRequest::decode(payload, domain)?),
            MessageType::Unwatch => Self::Unwatch(WatchRequest::decode(payload, domain)?),
            MessageType::ResetWatches => Self::ResetWatches,
            MessageType::TransactionStart => Self::StartTransaction,
            MessageType::TransactionEnd => Self::EndTransaction(match text()? {
                b"T" => Ending::Commit,
                b"F" => Ending::Discard,
                _ => return Err(Error::Invalid),
            }),
            MessageType::Introduce => Self::Introduce(Introduction::decode(payload)?),
            MessageType::Release => Self::Release(self::domain(text()?)?),
            MessageType::Resume => Self::Resume(self::domain(text()?)?),
            MessageType::SetTarget => {
                let (first, rest) = string(payload)?;
                let (domain, target) = (self::domain(first)?, self::domain(only_string(rest)?)?);
                Self::SetTarget { domain, target }
            }
            MessageType::GetDomainPath => Self::GetDomainPath(self::domain(text()?)?),
            MessageType::IsDomainIntroduced => Self::IsDomainIntroduced(self::domain(text()?)?),
            MessageType::Control => Self::Control(payload),
            MessageType::WatchEvent | MessageType::Error | MessageType::Invalid => {
                return Err(Error::Unknown);
            }
        })
    }

    const fn change(path: Path<'a>, action: Action<'a>) -> Self {
        Self::Change(Operation { path, action })
    }
}

impl Operation<'_> {
    /// Bytes of the path and of the value.
    pub(crate) fn size(&self) -> usize {
        let value = match &self.action {
            Action::Write(value) => value.len(),
            Action::MakeDirectory | Action::Remove | Action::SetPermissions(_) => 0,
        };
        self.path.as_str().len() + value
    }

    /// The same, owned.
    pub(crate) fn into_owned(self) -> Operation<'static> {
        Operation {
            path: self.path.into_owned(),
            action: match self.action {
                Action::Write(value) => Action::Write(Cow::Owned(value.into_owned())),
                Action::MakeDirectory => Action::MakeDirectory,
                Action::Remove => Action::Remove,
                Action::SetPermissions(permissions) => Action::SetPermissions(permissions),
            },
        }
    }
}

impl<'a> WatchRequest<'a> {
    /// `path|token|`, and for a watch perhaps `depth|`; what follows is reserved.
    fn decode(payload: &'a [u8], domain: DomainId) -> Result<Self> {
        let (name, rest) = string(payload)?;
        let (token, rest) = string(rest)?;
        let depth = match string(rest) {
            Ok((text @ [_, ..], _)) => Some(decimal(text)?),
            _ => None,
        };
        Ok(Self {
            path: Path::new_or_special(name, domain)?,
            is_relative: !matches!(name.first(), Some(b'/' | b'@')),
            token,
            depth,
        })
    }
}

impl Introduction {
    fn decode(payload: &[u8]) -> Result<Self> {
        let (domain, rest) = string(payload)?;
        let (frame, rest) = string(rest)?;
        let (port, _) = string(rest)?;
        // Frames are signed on the wire: old tools send the highest ones as negative numbers.
        let frame: i64 = decimal(frame)?;
        let introduction = Self {
            domain: self::domain(domain)?,
            frame: frame.cast_unsigned(),
            port: decimal(port)?,
        };
        let is_real = introduction.domain != DomainId::DOM0 && introduction.domain.is_ordinary();
        if is_real && introduction.port > 0 {
            Ok(introduction)
        } else {
            Err(Error::Invalid)
        }
    }
}

/// The string at the start, and what follows its end.
fn string(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .ok_or(Error::Invalid)?;
    let (text, rest) = bytes.split_at_checked(end).ok_or(Error::Invalid)?;
    Ok((text, rest.get(1..).unwrap_or_default()))
}

/// The one string that there is.
fn only_string(bytes: &[u8]) -> Result<&[u8]> {
    match string(bytes)? {
        (text, []) => Ok(text),
        _ => Err(Error::Invalid),
    }
}

fn permissions(mut list: &[u8]) -> Result<Permissions> {
    let mut entries = Vec::new();
    // What follows the last string is reserved.
    while let Ok((text, rest)) = string(list) {
        entries.push(Permission::parse(text)?);
        list = rest;
    }
    Permissions::new(&entries)
}

fn domain(text: &[u8]) -> Result<DomainId> {
    decimal(text).map(DomainId::new)
}

/// A decimal number, with a sign where its type has one.
pub(crate) fn decimal<T: core::str::FromStr>(text: &[u8]) -> Result<T> {
    let text = core::str::from_utf8(text).map_err(|_| Error::Invalid)?;
    if text.starts_with('+') {
        return Err(Error::Invalid);
    }
    text.parse().map_err(|_| Error::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: DomainId = DomainId::new(3);

    fn check(kind: MessageType, payload: &[u8], expected: Result<Request<'_>>) {
        let shown = String::from_utf8_lossy(payload);
        assert_eq!(
            Request::decode(kind.number(), payload, DOMAIN),
            expected,
            "{kind} {shown:?}"
        );
    }

    #[test]
    fn values_are_bytes_and_paths_are_not() {
        let write = |path: &'static str, value: &'static [u8]| {
            Ok(Request::change(
                Path::trusted(path),
                Action::Write(Cow::Borrowed(value)),
            ))
        };
        check(MessageType::Write, b"/a\0v", write("/a", b"v"));
        check(MessageType::Write, b"/a\0", write("/a", b""));
        check(
            MessageType::Write,
            b"/a\0\0\xff\0",
            write("/a", b"\0\xff\0"),
        );
        check(
            MessageType::Write,
            b"a\0v",
            write("/local/domain/3/a", b"v"),
        );
        check(MessageType::Write, b"/a", Err(Error::Invalid));
        check(MessageType::Write, b"", Err(Error::Invalid));
        check(MessageType::Write, b"\0v", Err(Error::Invalid));
    }

    #[test]
    fn strings_end_where_the_message_does() {
        for payload in [&b""[..], b"/a", b"/a\0b", b"/a\0\0", b"/a\0b\0"] {
            for kind in [
                MessageType::Read,
                MessageType::Rm,
                MessageType::Mkdir,
                MessageType::Directory,
            ] {
                check(kind, payload, Err(Error::Invalid));
            }
        }
        check(
            MessageType::Read,
            b"/a\0",
            Ok(Request::Read(Path::trusted("/a"))),
        );
    }

    #[test]
    fn watches_have_a_token_and_perhaps_a_depth() {
        let watch = |path: &'static str, is_relative, token: &'static [u8], depth| {
            Ok(Request::Watch(WatchRequest {
                path: Path::trusted(path),
                is_relative,
                token,
                depth,
            }))
        };
        check(
            MessageType::Watch,
            b"/a\0t\0",
            watch("/a", false, b"t", None),
        );
        check(
            MessageType::Watch,
            b"a\0\0",
            watch("/local/domain/3/a", true, b"", None),
        );
        check(
            MessageType::Watch,
            b"/a\0t\x001\0",
            watch("/a", false, b"t", Some(1)),
        );
        check(
            MessageType::Watch,
            b"@x/1\0t\0",
            watch("@x/1", false, b"t", None),
        );
        check(MessageType::Watch, b"/a\0t\0x\0", Err(Error::Invalid));
        check(MessageType::Watch, b"/a\0t", Err(Error::Invalid));
        check(MessageType::Watch, b"/a\0", Err(Error::Invalid));
        check(MessageType::Watch, b"@\0t\0", Err(Error::Invalid));
    }

    #[test]
    fn only_real_domains_are_introduced() {
        let introduce = |payload: &[u8]| {
            Request::decode(MessageType::Introduce.number(), payload, DOMAIN).is_ok()
        };
        assert!(introduce(b"5\x001234\x003\0"));
        assert!(introduce(b"5\0-1\x003\0"));
        for payload in [
            &b"0\x001\x003\0"[..],
            b"32752\x001\x003\0",
            b"5\x001\x000\0",
            b"5\x001\0-1\0",
            b"x\x001\x003\0",
            b"5\0",
            b"",
            b"5\x001\x003",
        ] {
            assert!(
                !introduce(payload),
                "{:?}",
                String::from_utf8_lossy(payload)
            );
        }
    }

    #[test]
    fn numbers_without_a_meaning_are_unknown() {
        for kind in [15, 16, 20, 23, 0xffff, u32::MAX] {
            assert_eq!(
                Request::decode(kind, b"", DOMAIN),
                Err(Error::Unknown),
                "{kind}"
            );
        }
    }
}
