//! Watches: who is told of which changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::engine::ConnectionId;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::request::WatchRequest;

/// A watch of a node and of all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) connection: ConnectionId,
    pub(crate) token: Box<[u8]>,
    /// How many levels below the node count.
    depth: Option<u32>,
    /// How many bytes of a path are left out in events: those up to the client's home.
    hidden: usize,
}

/// All watches, by the paths that they watch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watches(BTreeMap<Box<str>, Vec<Watch>>);

impl Watches {
    /// Adds a watch of a connection, whose home's path has `home` bytes.
    pub(crate) fn add(
        &mut self,
        connection: ConnectionId,
        request: &WatchRequest<'_>,
        home: usize,
    ) -> Result<Watch> {
        let watch = Watch {
            connection,
            token: request.token.into(),
            depth: request.depth,
            hidden: if request.is_relative {
                home.saturating_add(1)
            } else {
                0
            },
        };
        let watches = self.0.entry(request.path.as_str().into()).or_default();
        if watches.iter().any(|other| other.is(&watch)) {
            return Err(Error::Exists);
        }
        watches.push(watch.clone());
        Ok(watch)
    }

    /// Removes a watch of a connection.
    pub(crate) fn remove(
        &mut self,
        connection: ConnectionId,
        path: &Path<'_>,
        token: &[u8],
    ) -> Result<()> {
        let Entry::Occupied(mut entry) = self.0.entry(path.as_str().into()) else {
            return Err(Error::NotFound);
        };
        let watches = entry.get_mut();
        let is_meant = |watch: &Watch| watch.connection == connection && *watch.token == *token;
        let at = watches.iter().position(is_meant).ok_or(Error::NotFound)?;
        watches.remove(at);
        if watches.is_empty() {
            entry.remove();
        }
        Ok(())
    }

    /// Removes all watches of a connection.
    pub(crate) fn remove_all(&mut self, connection: ConnectionId) {
        self.0.retain(|_, watches| {
            watches.retain(|watch| watch.connection != connection);
            !watches.is_empty()
        });
    }

    /// Those that a connection has, with their paths.
    pub(crate) fn of(&self, connection: ConnectionId) -> impl Iterator<Item = (&str, &Watch)> {
        let of = move |watch: &&Watch| watch.connection == connection;
        self.0.iter().flat_map(move |(path, watches)| {
            watches.iter().filter(of).map(move |watch| (&**path, watch))
        })
    }

    /// Those that a change at `path` concerns: its own, and those of the nodes above it.
    pub(crate) fn around<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Watch)> {
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        let prefixes = ends.filter_map(move |end| match end {
            // The root's children have no separate slash behind it.
            0 => (path.len() > 1).then_some("/"),
            _ => path.get(..end),
        });
        let watches = prefixes.filter_map(|prefix| self.0.get_key_value(prefix));
        watches.flat_map(move |(watched, watches)| {
            let levels = levels_between(watched, path);
            let reaches = move |watch: &&Watch| watch.depth.is_none_or(|depth| levels <= depth);
            watches
                .iter()
                .filter(reaches)
                .map(move |watch| (&**watched, watch))
        })
    }

    /// Those of nodes below `path`.
    pub(crate) fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Watch)> {
        let prefix = if path == "/" {
            path.to_owned()
        } else {
            format!("{path}/")
        };
        let start = (Bound::Excluded(&*prefix), Bound::Unbounded);
        let range = self
            .0
            .range::<str, _>(start)
            .map(|(watched, watches)| (&**watched, watches));
        let range = range
            .take_while(move |(watched, _)| watched.starts_with(&prefix))
            .collect::<Vec<_>>();
        range
            .into_iter()
            .flat_map(|(watched, watches)| watches.iter().map(move |watch| (watched, watch)))
    }

    /// Those of exactly this name.
    pub(crate) fn at<'a>(&'a self, path: &str) -> impl Iterator<Item = (&'a str, &'a Watch)> {
        let found = self.0.get_key_value(path).into_iter();
        found.flat_map(|(watched, watches)| watches.iter().map(move |watch| (&**watched, watch)))
    }
}

impl Watch {
    /// The path of an event, as the client sees it.
    pub(crate) fn shown<'a>(&self, path: &'a str) -> &'a str {
        path.get(self.hidden..).unwrap_or(path)
    }

    /// Whether events name the domain that they are about: `@releaseDomain/7`.
    pub(crate) fn wants_domain(&self) -> bool {
        self.depth == Some(1)
    }

    fn is(&self, other: &Self) -> bool {
        self.connection == other.connection && self.token == other.token
    }
}

/// How many levels `path` is below `above`.
fn levels_between(above: &str, path: &str) -> u32 {
    let below = path.get(above.len()..).unwrap_or_default();
    let slashes = below.matches('/').count();
    let of_root = usize::from(above == "/" && !below.is_empty());
    u32::try_from(slashes.saturating_add(of_root)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watches(list: &[(&str, Option<u32>)]) -> Watches {
        let mut watches = Watches::default();
        for (path, depth) in list {
            let request = WatchRequest {
                path: Path::trusted(*path),
                is_relative: false,
                token: b"t",
                depth: *depth,
            };
            watches
                .add(ConnectionId::Socket(1), &request, 0)
                .expect("a watch");
        }
        watches
    }

    fn around<'a>(watches: &'a Watches, path: &'a str) -> Vec<&'a str> {
        watches.around(path).map(|(path, _)| path).collect()
    }

    #[test]
    fn a_change_concerns_those_above() {
        let all = watches(&[
            ("/", None),
            ("/a", None),
            ("/a/b", None),
            ("/a/b/c", None),
            ("/ab", None),
        ]);
        assert_eq!(around(&all, "/a/b"), ["/", "/a", "/a/b"]);
        assert_eq!(around(&all, "/"), ["/"]);
        assert_eq!(around(&all, "/abc"), ["/"]);
        assert_eq!(around(&all, "/ab/x"), ["/", "/ab"]);
    }

    #[test]
    fn depth_limits_what_counts() {
        let all = watches(&[("/", Some(1)), ("/a", Some(0)), ("/a/b", Some(1))]);
        for (path, expected) in [
            ("/", &["/"][..]),
            ("/a", &["/", "/a"]),
            ("/a/b", &["/a/b"]),
            ("/a/b/c", &["/a/b"]),
            ("/a/b/c/d", &[]),
        ] {
            assert_eq!(around(&all, path), expected, "{path}");
        }
    }

    #[test]
    fn those_below_are_found() {
        let all = watches(&[
            ("/", None),
            ("/a", None),
            ("/a-b", None),
            ("/a/b", None),
            ("/a/b/c", None),
            ("/b", None),
        ]);
        let below = |path| {
            all.below(path)
                .map(|(path, _)| path.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(below("/a"), ["/a/b", "/a/b/c"]);
        assert_eq!(below("/"), ["/a", "/a-b", "/a/b", "/a/b/c", "/b"]);
        assert!(below("/b").is_empty());
    }
}
