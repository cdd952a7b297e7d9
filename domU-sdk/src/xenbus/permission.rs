//! Who may do what with a node.

use core::fmt;

use ringwall_abi::DomainId;

/// What a domain may do with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Nothing.
    None,
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Read and write it.
    ReadWrite,
}

/// One of a node's permissions. The first of a list names the owner, who may do everything, with
/// the rights of all that are not in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Whose.
    pub domain: DomainId,
    /// What it may do.
    pub rights: Rights,
}

impl Permission {
    /// As the store writes it: `n0`, `r1`, `w2`, `b3`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rights = match text.bytes().next()? {
            b'n' => Rights::None,
            b'r' => Rights::Read,
            b'w' => Rights::Write,
            b'b' => Rights::ReadWrite,
            _ => return None,
        };
        let domain = text.get(1..)?.parse().ok()?;
        Some(Self {
            domain: DomainId::new(domain),
            rights,
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.rights {
            Rights::None => 'n',
            Rights::Read => 'r',
            Rights::Write => 'w',
            Rights::ReadWrite => 'b',
        };
        write!(f, "{letter}{}", self.domain.raw())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn permissions_are_written_as_they_are_read() {
        for text in ["n0", "r1", "w65535", "b7"] {
            assert_eq!(Permission::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "x1", "r", "r-1", "r65536", "é1"] {
            assert_eq!(Permission::parse(text), None, "{text}");
        }
    }
}
