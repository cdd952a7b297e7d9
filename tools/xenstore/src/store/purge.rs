//! What goes with a domain: its nodes, and what others granted it.

use std::sync::Arc;

use ringwall_abi::DomainId;

use super::{Node, Store};
use crate::path::Path;

impl Store {
    /// Removes the nodes that the domain owns, each with all below it, and its entries in the lists of others.
    /// What was removed comes back, from the top down.
    ///
    /// Numbers of domains are used again: what is granted to a number must end with the domain.
    pub(crate) fn purge(&mut self, domain: DomainId) -> Vec<(Path<'static>, Arc<Node>)> {
        let root = Path::trusted("/");
        if self.root.permissions.owner() == domain {
            // The root stays, whoever got it.
            let permissions = self.root.permissions.owned_by(DomainId::DOM0);
            self.replace_permissions(&root, permissions);
        }
        let (mut owned, mut mentions) = (Vec::new(), Vec::new());
        self.root.walk(|path, node| {
            if node.permissions.owner() == domain {
                owned.push(path.to_owned());
                return false;
            }
            if node.permissions.mention(domain) {
                mentions.push(path.to_owned());
            }
            true
        });
        for path in mentions {
            let path = Path::trusted(if path.is_empty() {
                "/".to_owned()
            } else {
                path
            });
            let permissions = self.get(&path).map(|node| node.permissions.without(domain));
            if let Some(permissions) = permissions {
                self.replace_permissions(&path, permissions);
            }
        }
        let remove = |path| {
            let path = Path::trusted(path);
            self.take(&path).map(|node| (path, node))
        };
        owned.into_iter().filter_map(remove).collect()
    }
}
