//! Who may do what with a node.

use ringwall_abi::DomainId;

/// What a domain that does not own a node may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: `n`.
    None,
    /// Read it: `r`.
    Read,
    /// Read and write it: `b`.
    Both,
}

/// A node's permissions: its owner may do all, others what they are given. dom0 may always do all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Whose the node is.
    pub owner: DomainId,
    /// What those may do who are not named.
    pub others: Access,
    /// What those may do who are.
    pub named: Vec<(DomainId, Access)>,
}

impl Permissions {
    /// `owner` may write the node, `reader` may read it, and nobody else has to do with it.
    #[must_use]
    pub fn shared(owner: DomainId, reader: DomainId) -> Self {
        Self {
            owner,
            others: Access::None,
            named: vec![(reader, Access::Read)],
        }
    }

    /// dom0's alone.
    #[must_use]
    pub fn private() -> Self {
        Self {
            owner: DomainId::DOM0,
            others: Access::None,
            named: Vec::new(),
        }
    }

    /// As the store's wire protocol has them: `n0`, `r3`; the owner comes first.
    pub fn on_the_wire(&self) -> impl Iterator<Item = String> {
        let letter = |access| match access {
            Access::None => 'n',
            Access::Read => 'r',
            Access::Both => 'b',
        };
        let owner = format!("{}{}", letter(self.others), self.owner.raw());
        let named = self.named.iter();
        let named =
            named.map(move |(domain, access)| format!("{}{}", letter(*access), domain.raw()));
        std::iter::once(owner).chain(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_comes_first() {
        let guest = DomainId::new(3);
        let shared = Permissions::shared(guest, DomainId::DOM0);
        assert_eq!(shared.on_the_wire().collect::<Vec<_>>(), ["n3", "r0"]);
        assert_eq!(
            Permissions::private().on_the_wire().collect::<Vec<_>>(),
            ["n0"]
        );
    }
}
