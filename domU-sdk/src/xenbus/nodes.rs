//! Operations on nodes, alone or in a transaction.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::str::FromStr;

use ringwall_abi::Errno;
use ringwall_abi::io::xs_wire::MessageType;

use super::{Permission, StoreError, path};

/// Operations on the store's nodes: [`Store`](super::Store) does each at once,
/// [`Transaction`](super::Transaction) all together at its end.
///
/// Paths that don't start with `/` start at the domain's own directory, `/local/domain/ID`. All
/// operations fail with [`StoreError`]; where the store itself refuses, with
/// [`StoreError::Refused`].
pub trait Nodes {
    /// Sends a request of this kind, made of `parts`; returns the answer's bytes.
    ///
    /// # Errors
    /// Any [`StoreError`].
    fn request(&self, kind: MessageType, parts: &[&[u8]]) -> Result<Vec<u8>, StoreError>;

    /// The value of a node: any bytes.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`.
    fn read_bytes(&self, node: &str) -> Result<Vec<u8>, StoreError> {
        path::check(node)?;
        self.request(MessageType::Read, &[node.as_bytes(), b"\0"])
    }

    /// The value of a node that holds text.
    ///
    /// # Errors
    /// As [`Self::read_bytes`]; [`StoreError::BadAnswer`]: no UTF-8.
    fn read(&self, node: &str) -> Result<String, StoreError> {
        String::from_utf8(self.read_bytes(node)?).map_err(|_| StoreError::BadAnswer)
    }

    /// The value of a node that holds a number or the like, or `None` where it does not exist.
    ///
    /// # Errors
    /// As [`Self::read`], but for `ENOENT`; [`StoreError::BadAnswer`]: it holds something else.
    fn read_value<T: FromStr>(&self, node: &str) -> Result<Option<T>, StoreError> {
        match self.read(node) {
            Ok(text) => match text.trim().parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(StoreError::BadAnswer),
            },
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a node; makes it, and those above, where they do not exist.
    ///
    /// # Errors
    /// `EACCES`; `ENOSPC`: the domain's quota is used up.
    fn write(&self, node: &str, value: &str) -> Result<(), StoreError> {
        path::check(node)?;
        let parts = [node.as_bytes(), b"\0", value.as_bytes()];
        self.request(MessageType::Write, &parts).map(drop)
    }

    /// Makes an empty node, unless it exists.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn make_directory(&self, node: &str) -> Result<(), StoreError> {
        path::check(node)?;
        self.request(MessageType::Mkdir, &[node.as_bytes(), b"\0"])
            .map(drop)
    }

    /// Removes a node and all below it.
    ///
    /// # Errors
    /// `ENOENT`: it does not exist, though the one above it does. `EACCES`.
    fn remove(&self, node: &str) -> Result<(), StoreError> {
        path::check(node)?;
        self.request(MessageType::Rm, &[node.as_bytes(), b"\0"])
            .map(drop)
    }

    /// The names of a node's children.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`; [`StoreError::BadAnswer`].
    fn directory(&self, node: &str) -> Result<Vec<String>, StoreError> {
        path::check(node)?;
        match self.request(MessageType::Directory, &[node.as_bytes(), b"\0"]) {
            Ok(answer) => strings(&answer),
            // More names than a message holds.
            Err(StoreError::Refused(Errno::E2BIG)) => directory_in_parts(self, node),
            Err(error) => Err(error),
        }
    }

    /// Who may do what with a node; the owner first.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`; [`StoreError::BadAnswer`].
    fn permissions(&self, node: &str) -> Result<Vec<Permission>, StoreError> {
        path::check(node)?;
        let answer = self.request(MessageType::GetPerms, &[node.as_bytes(), b"\0"])?;
        let strings = strings(&answer)?;
        let permissions = strings.iter().map(|text| Permission::parse(text));
        permissions
            .collect::<Option<_>>()
            .ok_or(StoreError::BadAnswer)
    }

    /// Sets who may do what with a node; the owner first.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`; `EINVAL`: the list is empty.
    fn set_permissions(&self, node: &str, permissions: &[Permission]) -> Result<(), StoreError> {
        path::check(node)?;
        let mut text = String::new();
        for permission in permissions {
            // Writing to a string does not fail.
            let _ = write!(text, "{permission}\0");
        }
        let parts = [node.as_bytes(), b"\0", text.as_bytes()];
        self.request(MessageType::SetPerms, &parts).map(drop)
    }
}

/// Strings that each end with a zero.
fn strings(answer: &[u8]) -> Result<Vec<String>, StoreError> {
    let text = core::str::from_utf8(answer).map_err(|_| StoreError::BadAnswer)?;
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

/// Asks for a long list part by part, anew whenever the node changes in between.
fn directory_in_parts(
    nodes: &(impl Nodes + ?Sized),
    node: &str,
) -> Result<Vec<String>, StoreError> {
    /// How many bytes of names to take at most.
    const NAMES_MAX: usize = 1 << 20;
    let mut generation = String::new();
    let mut names = String::new();
    loop {
        let mut offset = String::new();
        let _ = write!(offset, "{}", names.len());
        let parts = [node.as_bytes(), b"\0", offset.as_bytes(), b"\0"];
        let answer = nodes.request(MessageType::DirectoryPart, &parts)?;
        let text = String::from_utf8(answer).map_err(|_| StoreError::BadAnswer)?;
        let (now, part) = text.split_once('\0').ok_or(StoreError::BadAnswer)?;
        if !names.is_empty() && now != generation {
            names.clear();
            continue;
        }
        now.clone_into(&mut generation);
        // The end of the list is an empty name.
        let (part, last) = match part.strip_suffix("\0\0") {
            Some(_) => (part.get(..part.len() - 1).unwrap_or_default(), true),
            None => (part, matches!(part, "" | "\0")),
        };
        if !last || part != "\0" {
            names.push_str(part);
        }
        if last {
            return strings(names.as_bytes());
        }
        if names.len() > NAMES_MAX {
            return Err(StoreError::BadAnswer);
        }
    }
}
