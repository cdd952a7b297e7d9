//! The tree against a model that is a list of paths.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringwall_abi::DomainId;

use super::{Change, Store};
use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::{Access, Caller, Permission, Permissions};
use crate::quota::Quota;
use crate::request::{Action, Operation};

const QUOTA: Quota = Quota {
    nodes: 12,
    value_size: 4,
    permissions: 2,
    ..Quota::DEFAULT
};

/// The same rules over a flat map.
#[derive(Clone, Debug)]
struct Model(BTreeMap<String, (Vec<u8>, Permissions)>);

impl Model {
    fn new() -> Self {
        let private = || (Vec::new(), Permissions::private(DomainId::DOM0));
        let paths = ["/", "/tool", "/tool/xenstored"];
        Self(paths.map(|path| (path.to_owned(), private())).into())
    }

    fn nearest(&self, path: &str) -> (&str, &Permissions) {
        let path = Path::trusted(path);
        match self.0.get_key_value(path.as_str()) {
            Some((path, (_, permissions))) => (path, permissions),
            None => {
                let parent = path.parent().expect("the root is there");
                let parent = parent.as_str().to_owned();
                let (path, _) = self
                    .0
                    .get_key_value(self.nearest(&parent).0)
                    .expect("it is");
                (path, &self.0[path].1)
            }
        }
    }

    fn owned(&self, domain: DomainId) -> usize {
        let owners = self.0.values().map(|(_, permissions)| permissions.owner());
        owners.filter(|owner| *owner == domain).count()
    }

    fn make(&mut self, path: &str, caller: &Caller) -> Result<bool> {
        let (nearest, permissions) = self.nearest(path);
        if !permissions.allow(caller, Access::Write) {
            return Err(Error::Access);
        }
        if nearest == path {
            return Ok(false);
        }
        let inherited = match caller.is_privileged() {
            true => permissions.clone(),
            false => permissions.owned_by(caller.domain),
        };
        let mut missing = Vec::new();
        let mut current = Some(Path::trusted(path.to_owned()));
        while let Some(path) = current.filter(|path| !self.0.contains_key(path.as_str())) {
            missing.push(path.as_str().to_owned());
            current = path.parent().map(Path::into_owned);
        }
        if !caller.is_privileged()
            && self.owned(caller.domain) + missing.len() > QUOTA.nodes as usize
        {
            return Err(Error::Quota);
        }
        for path in missing {
            self.0.insert(path, (Vec::new(), inherited.clone()));
        }
        Ok(true)
    }

    fn apply(&mut self, operation: &Operation<'_>, caller: &Caller) -> Result<()> {
        let path = operation.path.as_str();
        match &operation.action {
            Action::Write(value) => {
                if !caller.is_privileged() && value.len() > QUOTA.value_size {
                    return Err(Error::Quota);
                }
                self.make(path, caller)?;
                self.0.get_mut(path).expect("it was made").0 = value.to_vec();
                Ok(())
            }
            Action::MakeDirectory => self.make(path, caller).map(drop),
            Action::Remove => {
                let parent = Path::trusted(path)
                    .parent()
                    .ok_or(Error::Invalid)?
                    .into_owned();
                let (nearest, permissions) = self.nearest(path);
                if nearest != path {
                    if !permissions.allow(caller, Access::Read) {
                        return Err(Error::Access);
                    }
                    return if nearest == parent.as_str() {
                        Ok(())
                    } else {
                        Err(Error::NotFound)
                    };
                }
                if !permissions.allow(caller, Access::Write) {
                    return Err(Error::Access);
                }
                let below = format!("{path}/");
                self.0
                    .retain(|other, _| other != path && !other.starts_with(&below));
                Ok(())
            }
            Action::SetPermissions(new) => {
                if !caller.is_privileged() && new.count() > QUOTA.permissions {
                    return Err(Error::Quota);
                }
                let (nearest, permissions) = self.nearest(path);
                if nearest != path {
                    let may_know = permissions.allow(caller, Access::Read);
                    return Err(if may_know {
                        Error::NotFound
                    } else {
                        Error::Access
                    });
                }
                if !permissions.is_owner(caller) {
                    return Err(Error::Access);
                }
                if !caller.is_privileged() && new.owner() != permissions.owner() {
                    return Err(Error::Owner);
                }
                self.0.get_mut(path).expect("it is there").1 = new.clone();
                Ok(())
            }
        }
    }
}

/// All nodes of a store, as the model has them.
fn content(store: &Store) -> BTreeMap<String, (Vec<u8>, Permissions)> {
    let mut all = BTreeMap::new();
    store.root.walk(|path, node| {
        let path = if path.is_empty() { "/" } else { path };
        all.insert(
            path.to_owned(),
            (node.value.clone(), node.permissions.clone()),
        );
        true
    });
    all
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("a-"), Just("tool")];
    proptest::collection::vec(name, 0..4).prop_map(|names| format!("/{}", names.join("/")))
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let access = prop_oneof![
        Just(Access::None),
        Just(Access::Read),
        Just(Access::Write),
        Just(Access::Both)
    ];
    let entry = (0..4_u16, access).prop_map(|(domain, access)| Permission {
        domain: DomainId::new(domain),
        access,
    });
    proptest::collection::vec(entry, 1..4).prop_map(|list| Permissions::new(&list).expect("a list"))
}

fn operation() -> impl Strategy<Value = Operation<'static>> {
    let value = proptest::collection::vec(any::<u8>(), 0..6);
    let action = prop_oneof![
        4 => value.prop_map(|value| Action::Write(value.into())),
        2 => Just(Action::MakeDirectory),
        1 => Just(Action::Remove),
        4 => permissions().prop_map(Action::SetPermissions),
    ];
    (path(), action).prop_map(|(path, action)| Operation {
        path: Path::trusted(path),
        action,
    })
}

fn caller() -> impl Strategy<Value = Caller> {
    let target = proptest::option::weighted(0.1, 1..4_u16);
    (0..4_u16, target).prop_map(|(domain, target)| Caller {
        domain: DomainId::new(domain),
        target: target.map(DomainId::new),
    })
}

proptest! {
    #[test]
    fn the_tree_does_what_a_list_of_paths_would(
        operations in proptest::collection::vec((caller(), operation()), 1..60),
    ) {
        let (mut store, mut model) = (Store::new(), Model::new());
        for (caller, operation) in operations {
            let before = store.clone();
            let expected = model.apply(&operation, &caller);
            let result = store.apply(&operation, &caller, &QUOTA);
            prop_assert_eq!(result.as_ref().err(), expected.as_ref().err(), "{:?} {:?}", caller, operation);
            if result.is_err() || matches!(result, Ok(Change::Nothing)) {
                prop_assert_eq!(&store.root, &before.root);
            }
            prop_assert_eq!(content(&store), model.0.clone());
            for domain in (0..4).map(DomainId::new) {
                prop_assert_eq!(store.owned_by(domain) as usize, model.owned(domain));
            }
        }
        let again = Store::restore(store.image()).expect("an image");
        prop_assert_eq!(again, store);
    }

    #[test]
    fn nothing_of_a_domain_is_left(
        operations in proptest::collection::vec((caller(), operation()), 1..60),
    ) {
        let mut store = Store::new();
        for (caller, operation) in operations {
            let _ = store.apply(&operation, &caller, &QUOTA);
        }
        let domain = DomainId::new(1);
        store.purge(domain);
        prop_assert_eq!(store.owned_by(domain), 0);
        for (path, (_, permissions)) in content(&store) {
            prop_assert!(permissions.list().all(|entry| entry.domain != domain), "{}", path);
        }
    }
}

#[test]
fn a_clone_does_not_see_later_changes() {
    let mut store = Store::new();
    let write = |value: &'static [u8]| Operation {
        path: Path::trusted("/a/b"),
        action: Action::Write(value.into()),
    };
    let apply = |store: &mut Store, value| {
        let change = store.apply(&write(value), &Caller::PRIVILEGED, &QUOTA);
        assert!(matches!(change, Ok(Change::Written)));
    };
    apply(&mut store, b"1");
    let old = store.clone();
    apply(&mut store, b"2");
    let value = |store: &Store| {
        store
            .get(&Path::trusted("/a/b"))
            .map(|node| node.value.clone())
    };
    assert_eq!(value(&old).as_deref(), Some(&b"1"[..]));
    assert_eq!(value(&store).as_deref(), Some(&b"2"[..]));
}

#[test]
fn the_deepest_path_is_made_and_dropped() {
    let mut store = Store::new();
    let deep = "/a".repeat(1536);
    let operation = |action| Operation {
        path: Path::trusted(deep.clone()),
        action,
    };
    let made = store.apply(
        &operation(Action::MakeDirectory),
        &Caller::PRIVILEGED,
        &QUOTA,
    );
    assert!(matches!(made, Ok(Change::Written)));
    let image = store.image();
    assert_eq!(Store::restore(image).as_ref(), Some(&store));
    let old = store.clone();
    let top = Operation {
        path: Path::trusted("/a"),
        action: Action::Remove,
    };
    assert!(store.apply(&top, &Caller::PRIVILEGED, &QUOTA).is_ok());
    drop(old);
}
