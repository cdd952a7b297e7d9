//! Who may read and write a node.

use core::fmt;
use std::sync::Arc;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a domain may do with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Nothing: `n`.
    None,
    /// Read: `r`.
    Read,
    /// Write: `w`.
    Write,
    /// Both: `b`.
    Both,
}

impl Access {
    /// Whether this is enough for `needed`.
    #[must_use]
    pub const fn allows(self, needed: Self) -> bool {
        matches!(
            (self, needed),
            (_, Self::None)
                | (Self::Both, _)
                | (Self::Read, Self::Read)
                | (Self::Write, Self::Write)
        )
    }

    const fn letter(self) -> char {
        match self {
            Self::None => 'n',
            Self::Read => 'r',
            Self::Write => 'w',
            Self::Both => 'b',
        }
    }
}

/// An entry of a node's list: a domain, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The domain.
    pub domain: DomainId,
    /// In the first entry of a list: what all domains that it doesn't name may do.
    pub access: Access,
}

impl Permission {
    /// Reads one as it is on the wire: `r7`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: it isn't one.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let (letter, digits) = text.split_first().ok_or(Error::Invalid)?;
        let access = match letter {
            b'n' => Access::None,
            b'r' => Access::Read,
            b'w' => Access::Write,
            b'b' => Access::Both,
            _ => return Err(Error::Invalid),
        };
        let domain = DomainId::new(crate::request::decimal(digits)?);
        Ok(Self { domain, access })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.access.letter(), self.domain.raw())
    }
}

/// Who asks: a domain, and another one for which it may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The domain.
    pub domain: DomainId,
    /// Whose rights it has too.
    pub target: Option<DomainId>,
}

impl Caller {
    /// The control domain, whom nothing is refused.
    pub const PRIVILEGED: Self = Self {
        domain: DomainId::DOM0,
        target: None,
    };

    /// Whether permissions and quotas don't bind it.
    #[must_use]
    pub const fn is_privileged(&self) -> bool {
        self.domain.raw() == DomainId::DOM0.raw()
    }

    fn is(&self, domain: DomainId) -> bool {
        self.domain == domain || self.target == Some(domain)
    }
}

/// A node's owner and list. Cloning one is cheap: children share their parent's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    owner: DomainId,
    /// What those may do that are not listed.
    others: Access,
    listed: Arc<[Permission]>,
}

impl Permissions {
    /// Those of a list as it is on the wire: the first entry names the owner, and what those may do who are not
    /// in the rest.
    ///
    /// # Errors
    /// [`Error::Invalid`]: the list is empty.
    pub fn new(list: &[Permission]) -> Result<Self> {
        let (first, rest) = list.split_first().ok_or(Error::Invalid)?;
        Ok(Self {
            owner: first.domain,
            others: first.access,
            listed: rest.into(),
        })
    }

    /// A node of `owner` that nobody else may touch.
    #[must_use]
    pub fn private(owner: DomainId) -> Self {
        Self {
            owner,
            others: Access::None,
            listed: Arc::default(),
        }
    }

    /// The list as it is on the wire.
    pub fn list(&self) -> impl Iterator<Item = Permission> {
        let first = Permission {
            domain: self.owner,
            access: self.others,
        };
        core::iter::once(first).chain(self.listed.iter().copied())
    }

    /// How many entries the list has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.listed.len().saturating_add(1)
    }

    /// The node's owner.
    #[must_use]
    pub const fn owner(&self) -> DomainId {
        self.owner
    }

    /// The same with another owner.
    #[must_use]
    pub fn owned_by(&self, owner: DomainId) -> Self {
        Self {
            owner,
            ..self.clone()
        }
    }

    /// Whether the caller may do what the owner may.
    #[must_use]
    pub fn is_owner(&self, caller: &Caller) -> bool {
        caller.is_privileged() || caller.is(self.owner)
    }

    /// Whether the caller may do this.
    #[must_use]
    pub fn allow(&self, caller: &Caller, needed: Access) -> bool {
        if self.is_owner(caller) {
            return true;
        }
        let entry = self.listed.iter().find(|entry| caller.is(entry.domain));
        entry
            .map_or(self.others, |entry| entry.access)
            .allows(needed)
    }

    /// Whether the list grants the domain anything, apart from what it owns.
    pub(crate) fn mention(&self, domain: DomainId) -> bool {
        self.listed.iter().any(|entry| entry.domain == domain)
    }

    /// The same without the domain's entries: its number may be another one's some day.
    pub(crate) fn without(&self, domain: DomainId) -> Self {
        let listed = self.listed.iter().copied();
        Self {
            listed: listed.filter(|entry| entry.domain != domain).collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(list: &[&str]) -> Permissions {
        let parse = |text: &&str| Permission::parse(text.as_bytes()).expect("a permission");
        Permissions::new(&list.iter().map(parse).collect::<Vec<_>>()).expect("a list")
    }

    fn domain(number: u16) -> Caller {
        Caller {
            domain: DomainId::new(number),
            target: None,
        }
    }

    #[test]
    fn the_first_entry_is_the_owner_and_the_rule_for_the_rest() {
        let permissions = permissions(&["r1", "b2", "n3", "w4"]);
        for (caller, read, write) in [
            (0, true, true),
            (1, true, true),
            (2, true, true),
            (3, false, false),
            (4, false, true),
            (5, true, false),
        ] {
            assert_eq!(
                permissions.allow(&domain(caller), Access::Read),
                read,
                "d{caller} reads"
            );
            assert_eq!(
                permissions.allow(&domain(caller), Access::Write),
                write,
                "d{caller} writes"
            );
        }
    }

    #[test]
    fn a_domain_acts_for_its_target() {
        let caller = Caller {
            target: Some(DomainId::new(1)),
            ..domain(9)
        };
        assert!(permissions(&["n1"]).allow(&caller, Access::Write));
        assert!(permissions(&["n2", "w1"]).allow(&caller, Access::Write));
        assert!(!permissions(&["n2"]).allow(&caller, Access::Read));
    }

    #[test]
    fn text_is_read_and_written() {
        for text in ["n0", "r1", "w65535", "b32751"] {
            let permission = Permission::parse(text.as_bytes()).expect("a permission");
            assert_eq!(permission.to_string(), text);
        }
        for text in [
            "",
            "r",
            "x1",
            "1",
            "r-1",
            "r65536",
            "r1 ",
            "rr1",
            "r99999999999999999999",
        ] {
            assert_eq!(
                Permission::parse(text.as_bytes()),
                Err(Error::Invalid),
                "{text}"
            );
        }
    }
}
