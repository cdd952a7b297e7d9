//! A domain in the making, which is destroyed if it is not finished.

use ringwall_abi::DomainId;

use crate::Machine;

/// Destroys the domain when it is dropped before [`Unfinished::keep`].
pub(crate) struct Unfinished<'a, M: Machine> {
    machine: &'a M,
    domain: Option<DomainId>,
}

impl<'a, M: Machine> Unfinished<'a, M> {
    pub(crate) const fn new(machine: &'a M, domain: DomainId) -> Self {
        Self {
            machine,
            domain: Some(domain),
        }
    }

    /// The domain is finished.
    pub(crate) fn keep(mut self) {
        self.domain = None;
    }
}

impl<M: Machine> Drop for Unfinished<'_, M> {
    fn drop(&mut self) {
        if let Some(domain) = self.domain {
            // All mappings of its frames are gone by now: it can go, with its ports and grants. What the hypervisor
            // says of this adds nothing to the error that led here.
            let _ = self.machine.destroy_domain(domain);
        }
    }
}
