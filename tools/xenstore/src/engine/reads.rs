//! Requests that change nothing.

use super::Engine;
use super::execute::{Call, put};
use crate::error::{Error, Result};
use crate::path::Path;
use crate::permissions::Access;
use crate::store::Store;
use crate::transaction::Aspect;

/// Bytes of children's names in one piece of a long list: a message has room for them and a generation.
const PART_MAX: usize = 4000;

impl Engine {
    pub(super) fn read(
        &mut self,
        path: &Path<'_>,
        call: &Call<'_>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let store = self.view(path, Aspect::Content, call)?;
        let node = store.look_up(path, &call.caller, Access::Read)?;
        into.extend_from_slice(&node.value);
        Ok(())
    }

    pub(super) fn directory(
        &mut self,
        path: &Path<'_>,
        call: &Call<'_>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let store = self.view(path, Aspect::Children, call)?;
        let node = store.look_up(path, &call.caller, Access::Read)?;
        node.children.keys().try_for_each(|name| put(into, name))
    }

    /// A piece of a long list, from `offset` on; the list's end is an empty name.
    pub(super) fn directory_part(
        &mut self,
        path: &Path<'_>,
        offset: usize,
        call: &Call<'_>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let store = self.view(path, Aspect::Children, call)?;
        let node = store.look_up(path, &call.caller, Access::Read)?;
        put(into, &node.listed.max(node.changed).to_string())?;
        let (mut at, mut room) = (0_usize, PART_MAX);
        let mut is_end = true;
        for name in node.children.keys() {
            let size = name.len().saturating_add(1);
            if at >= offset {
                let Some(left) = room.checked_sub(size) else {
                    is_end = false;
                    break;
                };
                room = left;
                put(into, name)?;
            }
            at = at.saturating_add(size);
        }
        if at < offset {
            return Err(Error::Invalid);
        }
        if is_end { put(into, "") } else { Ok(()) }
    }

    pub(super) fn get_permissions(
        &mut self,
        path: &Path<'_>,
        call: &Call<'_>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let store = self.view(path, Aspect::Content, call)?;
        let permissions = store.permissions(path, &call.caller)?;
        permissions
            .list()
            .try_for_each(|permission| put(into, &permission.to_string()))
    }

    /// Commands to the server itself. Few, because each server has its own.
    pub(super) fn control(&self, command: &[u8], into: &mut Vec<u8>) -> Result<()> {
        let command = command.split(|byte| *byte == 0).next().unwrap_or_default();
        match command {
            b"check" => put(
                into,
                if self.is_consistent() {
                    "OK"
                } else {
                    "the accounts of nodes are wrong"
                },
            ),
            b"help" => put(into, "check\nhelp\nquota\n"),
            b"quota" => {
                let quota = &self.quota;
                let lines = [
                    ("nodes", usize::try_from(quota.nodes).unwrap_or(usize::MAX)),
                    ("node-size", quota.value_size),
                    ("permissions", quota.permissions),
                    ("watches", quota.watches),
                    ("transactions", quota.transactions),
                    ("transaction-nodes", quota.transaction_size),
                    ("outstanding", quota.outstanding),
                    ("path-max", quota.path_length),
                ];
                put(
                    into,
                    &lines
                        .map(|(name, value)| format!("{name}: {value}\n"))
                        .concat(),
                )
            }
            _ => Err(Error::Invalid),
        }
    }

    /// The store that the caller sees.
    fn view(&mut self, path: &Path<'_>, aspect: Aspect, call: &Call<'_>) -> Result<&Store> {
        if call.transaction == 0 {
            return Ok(&self.store);
        }
        let connection = self
            .connections
            .get_mut(&call.connection)
            .ok_or(Error::NotFound)?;
        let transaction = connection.transaction(call.transaction)?;
        transaction.view(path, aspect, &call.caller, &self.quota)
    }
}
