//! Names of nodes: checked once, where they come in.

use std::borrow::Cow;

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::{ABSOLUTE_PATH_MAX, RELATIVE_PATH_MAX};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Fires when a domain is introduced.
pub const INTRODUCE_DOMAIN: &str = "@introduceDomain";
/// Fires when a domain shuts down, or goes.
pub const RELEASE_DOMAIN: &str = "@releaseDomain";

/// The absolute path of a node: `/`, or `/a/b` of components that are not empty and made of ASCII letters,
/// digits and `-_@`. Nothing in it has a meaning but the slashes: there is no `.` to go astray by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Path<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Path<'a> {
    /// Takes a path of a request. A relative one starts at the home of `domain`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: it is empty, too long, has an empty component or a character that is none of a path's.
    pub fn new(text: &'a [u8], domain: DomainId) -> Result<Self> {
        let text = core::str::from_utf8(text).map_err(|_| Error::Invalid)?;
        if text == "/" {
            return Ok(Self(Cow::Borrowed(text)));
        }
        let absolute = text.strip_prefix('/');
        let limit = if absolute.is_some() {
            ABSOLUTE_PATH_MAX
        } else {
            RELATIVE_PATH_MAX
        };
        let is_special = text.starts_with('@');
        if text.len() > limit || is_special || !are_components(absolute.unwrap_or(text)) {
            return Err(Error::Invalid);
        }
        Ok(Self(match absolute {
            Some(_) => Cow::Borrowed(text),
            None => Cow::Owned(format!("{}/{text}", home(domain))),
        }))
    }

    /// Takes what a request may name apart from nodes too: `@` and components, like [`INTRODUCE_DOMAIN`].
    ///
    /// # Errors
    /// [`Error::Invalid`], as [`Path::new`].
    pub fn new_or_special(text: &'a [u8], domain: DomainId) -> Result<Self> {
        match text.strip_prefix(b"@") {
            Some(name) if text.len() <= RELATIVE_PATH_MAX => {
                let name = core::str::from_utf8(name).map_err(|_| Error::Invalid)?;
                if !are_components(name) {
                    return Err(Error::Invalid);
                }
                let text = core::str::from_utf8(text).map_err(|_| Error::Invalid)?;
                Ok(Self(Cow::Borrowed(text)))
            }
            _ => Self::new(text, domain),
        }
    }

    /// Whether this names no node, but an event of the server.
    #[must_use]
    pub fn is_special(&self) -> bool {
        self.0.starts_with('@')
    }

    /// A path that this crate wrote itself, or checked before.
    pub(crate) fn trusted(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names on the way from the root to the node.
    pub(crate) fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// The node's parent; the root has none.
    #[must_use]
    pub fn parent(&self) -> Option<Path<'_>> {
        if self.is_root() {
            return None;
        }
        let (above, _) = self.0.rsplit_once('/')?;
        Some(Path::trusted(if above.is_empty() { "/" } else { above }))
    }

    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> Path<'static> {
        Path(Cow::Owned(self.0.into_owned()))
    }

    /// The same, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> Path<'_> {
        Path(Cow::Borrowed(&self.0))
    }
}

/// A domain's home: where its relative paths start.
#[must_use]
pub fn home(domain: DomainId) -> String {
    format!("/local/domain/{}", domain.raw())
}

/// Whether `text` is one or more names with a slash between them.
pub(crate) fn are_components(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@".contains(&byte);
    text.split('/')
        .all(|name| !name.is_empty() && name.bytes().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: Option<&str>) {
        let path = Path::new(text, DomainId::new(7));
        let shown = String::from_utf8_lossy(text);
        assert_eq!(path.as_ref().ok().map(Path::as_str), expected, "{shown}");
        if expected.is_none() {
            assert_eq!(path.err(), Some(Error::Invalid), "{shown}");
        }
    }

    #[test]
    fn good_paths_are_taken() {
        for (text, expected) in [
            ("/", "/"),
            ("/a", "/a"),
            (
                "/local/domain/0/device-x_y@1",
                "/local/domain/0/device-x_y@1",
            ),
            ("device/vbd", "/local/domain/7/device/vbd"),
        ] {
            check(text.as_bytes(), Some(expected));
        }
    }

    #[test]
    fn tricks_with_paths_are_refused() {
        for text in [
            &b""[..],
            b"//",
            b"/a/",
            b"a/",
            b"/a//b",
            b"/a/../b",
            b"../8/x",
            b".",
            b"/.",
            b"/a b",
            b"/a\0b",
            b"/\xff",
            b"/\xc3\xa4",
            b"@introduceDomain",
            b"@x",
            b"/a*",
            b"/a:b",
            b"/a\n",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn lengths_are_limited() {
        let of =
            |length: usize, first: &str| format!("{first}{}", "a".repeat(length - first.len()));
        check(of(3072, "/").as_bytes(), Some(&of(3072, "/")));
        check(of(3073, "/").as_bytes(), None);
        check(
            of(2048, "a").as_bytes(),
            Some(&format!("/local/domain/7/{}", of(2048, "a"))),
        );
        check(of(2049, "a").as_bytes(), None);
    }

    #[test]
    fn parents_end_at_the_root() {
        let path = Path::trusted("/a/b");
        let parent = path.parent().expect("/a");
        assert_eq!(parent.as_str(), "/a");
        let root = parent.parent().expect("/");
        assert!(root.is_root() && root.parent().is_none());
    }
}
