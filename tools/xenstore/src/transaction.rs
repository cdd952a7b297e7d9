//! Transactions: a view of the store as it was, changes to come, and what they rest on.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::Caller;
use crate::quota::Quota;
use crate::request::Operation;
use crate::store::{Change, Store};

/// Bytes of paths and values that a domain's transaction may keep. The quota counts pieces of which each may be as
/// long as a message: without this one, a domain's transactions would take more memory than the domain itself.
const KEPT_MAX: usize = 256 << 10;

/// What of a node a transaction depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// Its value and permissions, and whether it is there.
    Content,
    /// Which children it has.
    Children,
}

/// A transaction. It sees the store as it was at its start, and its own changes.
///
/// At its end the changes are made in the store as it is by then, unless a node that the transaction read or
/// changed is another one by then. Two transactions that make different children of one node don't disturb
/// each other, as long as neither lists them.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    start: Store,
    view: Store,
    touched: BTreeSet<(Path<'static>, Aspect)>,
    operations: Vec<Operation<'static>>,
    /// Bytes of paths and values in those two.
    kept: usize,
    /// Why it can't be committed any more, if so.
    doomed: Option<Error>,
}

impl Transaction {
    /// Starts one.
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            start: store.clone(),
            view: store.clone(),
            touched: BTreeSet::new(),
            operations: Vec::new(),
            kept: 0,
            doomed: None,
        }
    }

    /// Starts one that will have to be tried again: what is left of one after the state was written down.
    pub(crate) fn doomed(store: &Store) -> Self {
        Self {
            doomed: Some(Error::Again),
            ..Self::new(store)
        }
    }

    /// Whether it has to be tried again in any case.
    pub(crate) const fn is_doomed(&self) -> bool {
        self.doomed.is_some()
    }

    /// What the transaction sees, for a caller who is going to look at this of a node.
    pub(crate) fn view(
        &mut self,
        path: &Path<'_>,
        aspect: Aspect,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<&Store> {
        self.touch(path, aspect, caller, quota)?;
        Ok(&self.view)
    }

    /// Makes a change in what the transaction sees.
    pub(crate) fn apply(
        &mut self,
        operation: Operation<'_>,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<()> {
        self.touch(&operation.path, Aspect::Content, caller, quota)?;
        let size = operation.size();
        self.check_room(self.operations.len(), size, caller, quota)?;
        match self.view.apply(&operation, caller, quota)? {
            Change::Nothing if !operation.path.is_special() => {}
            _ => {
                self.operations.push(operation.into_owned());
                self.kept += size;
            }
        }
        Ok(())
    }

    /// The changes, in their order, if they may be made in the store as it is now.
    pub(crate) fn finish(self, store: &Store) -> Result<Vec<Operation<'static>>> {
        if let Some(error) = self.doomed {
            return Err(error);
        }
        // One that only looked has seen the store as it was at one time, whatever came after.
        let is_current = self.operations.is_empty() || store.version() == self.start.version();
        let same = |(path, aspect): &(Path<'_>, Aspect)| {
            let (then, now) = (self.start.versions(path), store.versions(path));
            match aspect {
                Aspect::Content => {
                    then.map(|(changed, _)| changed) == now.map(|(changed, _)| changed)
                }
                Aspect::Children => then == now,
            }
        };
        if is_current || self.touched.iter().all(same) {
            Ok(self.operations)
        } else {
            Err(Error::Again)
        }
    }

    fn touch(
        &mut self,
        path: &Path<'_>,
        aspect: Aspect,
        caller: &Caller,
        quota: &Quota,
    ) -> Result<()> {
        let key = (path.clone().into_owned(), aspect);
        if self.touched.contains(&key) {
            return Ok(());
        }
        let size = path.as_str().len();
        self.check_room(self.touched.len(), size, caller, quota)?;
        self.touched.insert(key);
        self.kept += size;
        Ok(())
    }

    /// Whether there is room for one more after so many pieces of a kind, with so many bytes.
    fn check_room(&self, pieces: usize, size: usize, caller: &Caller, quota: &Quota) -> Result<()> {
        let has_room = pieces < quota.transaction_size && self.kept + size <= KEPT_MAX;
        if has_room || caller.is_privileged() {
            Ok(())
        } else {
            Err(Error::Quota)
        }
    }
}
