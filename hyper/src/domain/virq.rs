//! Virtual interrupts that one domain has for the whole machine.

use core::sync::atomic::{AtomicU16, Ordering};

use ringwall_abi::{DomainId, Errno};
use ringwall_model::event::{VIRQS, Virq};

use super::seat::Domain;
use super::table;
use crate::event;

/// Who hears of each; dom0 until it is told otherwise.
static HANDLERS: [AtomicU16; VIRQS] = [const { AtomicU16::new(0) }; VIRQS];

/// Raises one where its handler is.
pub(crate) fn raise(virq: Virq) {
    let handler = HANDLERS
        .get(virq.raw() as usize)
        .map_or(0, |handler| handler.load(Ordering::Relaxed));
    if let Some(domain) = table::find(DomainId::new(handler)) {
        event::raise_global_virq(domain, virq);
    }
}

/// Makes a domain the handler of one.
///
/// # Errors
/// `EINVAL` for one that each virtual CPU has.
pub(crate) fn set_handler(virq: Virq, domain: &Domain) -> Result<(), Errno> {
    let handler = HANDLERS
        .get(virq.raw() as usize)
        .filter(|_| virq.is_global())
        .ok_or(Errno::EINVAL)?;
    handler.store(domain.id().raw(), Ordering::Relaxed);
    Ok(())
}

/// A domain is gone: what it handled is dom0's again.
pub(super) fn forget(id: DomainId) {
    for handler in &HANDLERS {
        let dom0 = DomainId::DOM0.raw();
        let _ = handler.compare_exchange(id.raw(), dom0, Ordering::Relaxed, Ordering::Relaxed);
    }
}
