//! What of the machine a domain may use: dom0 all that the hypervisor leaves it, others nothing.
//!
//! A device that masters the bus writes wherever it likes, and there is no IOMMU to stop it: so no domain
//! but dom0 gets any (`ARCHITECTURE.md`). To take away what a domain has not is done at once.

use ringwall_abi::Errno;
use ringwall_abi::domctl::{IomemPermission, IoportPermission, IrqPermission};

use super::body;
use crate::domain::Domain;
use crate::hypercall::{Call, Result};

/// I/O ports of the machine.
const PORTS: u32 = 1 << 16;

/// `XEN_DOMCTL_ioport_permission`.
///
/// # Errors
/// `EINVAL` for ports that there are not; `EPERM` to allow another domain than dom0 any, or to take one
/// away from dom0.
pub(super) fn ports(call: &Call<'_>, domain: &Domain) -> Result {
    let request: IoportPermission = body::read(call)?;
    let end = request.first_port.checked_add(request.nr_ports);
    if end.is_none_or(|end| end > PORTS) {
        return Err(Errno::EINVAL.into());
    }
    decide(domain, request.allow_access)
}

/// `XEN_DOMCTL_iomem_permission`.
///
/// # Errors
/// `EINVAL` for frames that can't be; `EPERM` as for ports.
pub(super) fn frames(call: &Call<'_>, domain: &Domain) -> Result {
    let request: IomemPermission = body::read(call)?;
    request
        .first_mfn
        .checked_add(request.nr_mfns)
        .ok_or(Errno::EINVAL)?;
    decide(domain, request.allow_access)
}

/// `XEN_DOMCTL_irq_permission`.
///
/// # Errors
/// `EPERM` as for ports.
pub(super) fn interrupts(call: &Call<'_>, domain: &Domain) -> Result {
    let request: IrqPermission = body::read(call)?;
    decide(domain, request.allow_access)
}

fn decide(domain: &Domain, allow: u8) -> Result {
    if (allow != 0) == domain.is_privileged() {
        Ok(0)
    } else {
        Err(Errno::EPERM.into())
    }
}
