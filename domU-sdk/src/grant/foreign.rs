//! Mapping what other domains grant.
// UNSAFETY: maps at addresses that are its own.
#![expect(unsafe_code)]

use alloc::vec::Vec;

use ringwall_abi::DomainId;
use ringwall_abi::grant_table::{GrantMapFlags, MapGrantRef, UnmapGrantRef};

use super::Error;
use crate::SharedPage;
use crate::hypercall;
use crate::memory::Window;
use crate::memory::entry::Access;

/// Pages of another domain, mapped in a row. Dropped, they are unmapped.
#[derive(Debug)]
pub struct Foreign {
    window: Window,
    handles: Vec<Option<u32>>,
}

/// Maps pages that a domain grants.
///
/// # Errors
///
/// The first status that is not good; nothing stays mapped then.
pub fn map(domain: DomainId, references: &[u32], access: Access) -> Result<Foreign, Error> {
    let mut foreign = Foreign {
        window: Window::new(references.len())?,
        handles: references.iter().map(|_| None).collect(),
    };
    let flags = match access {
        Access::ReadOnly => GrantMapFlags::HOST_MAP | GrantMapFlags::READONLY,
        Access::ReadWrite => GrantMapFlags::HOST_MAP,
    };
    let mut list: Vec<MapGrantRef> = references
        .iter()
        .enumerate()
        .map(|(index, reference)| MapGrantRef {
            host_addr: foreign.window.address(index),
            flags,
            reference: *reference,
            dom: domain,
            ..MapGrantRef::default()
        })
        .collect();
    // SAFETY: nothing is mapped at the window's addresses.
    unsafe { hypercall::grant_map(&mut list) }?;
    let mut result = Ok(());
    for (index, operation) in list.iter().enumerate() {
        match Error::check(operation.status) {
            Ok(()) => {
                foreign.window.set_other(index, true);
                if let Some(place) = foreign.handles.get_mut(index) {
                    *place = Some(operation.handle);
                }
            }
            Err(error) => result = result.and(Err(error)),
        }
    }
    result.map(|()| foreign)
}

impl Foreign {
    /// The words of one of the pages.
    #[must_use]
    pub fn page(&self, index: usize) -> Option<&SharedPage> {
        self.window.page(index)
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        for (index, handle) in self.handles.iter().enumerate() {
            let Some(handle) = handle else { continue };
            let mut operation = [UnmapGrantRef {
                host_addr: self.window.address(index),
                handle: *handle,
                ..UnmapGrantRef::default()
            }];
            // SAFETY: who looks at the page borrows `self`.
            let unmapped = unsafe { hypercall::grant_unmap(&mut operation) };
            if unmapped.is_ok() && Error::check(operation[0].status).is_ok() {
                self.window.set_other(index, false);
            }
        }
    }
}
