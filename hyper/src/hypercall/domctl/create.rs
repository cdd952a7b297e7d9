//! Making a domain: itself, its virtual CPUs, how much memory it may have.

use ringwall_abi::domctl::{CreateDomain, MaxMem, MaxVcpus};
use ringwall_abi::{DomainId, Errno};
use ringwall_model::domain::Limits;

use super::body;
use crate::domain::{self, Domain, Power};
use crate::hypercall::{Call, Result};

/// `XEN_DOMCTL_createdomain`: a PV domain, paused once, without virtual CPUs or memory. Number 0, or one
/// that no domain can have, has one picked; it is told in the request.
///
/// # Errors
/// `EINVAL` for what [`Limits`] refuse; `EEXIST` for a number in use; `ENOMEM`.
pub(super) fn create(call: &Call<'_>, id: DomainId) -> Result {
    let request: CreateDomain = body::read(call)?;
    let limits = Limits::decode(&request).map_err(Errno::from)?;
    let wanted = Some(id).filter(|id| *id != DomainId::DOM0 && id.is_ordinary());
    let domain = domain::create(wanted, Power::Ordinary, limits, request.handle, 0)?;
    body::write_domain(call, domain.id())?;
    Ok(0)
}

/// `XEN_DOMCTL_max_vcpus`: makes the virtual CPUs, all down.
///
/// # Errors
/// `EINVAL` for another number than the domain was made for; `ENOMEM`.
pub(super) fn vcpus(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    let request: MaxVcpus = body::read(call)?;
    if request.max != domain.settings(|settings| settings.limits.vcpus) {
        return Err(Errno::EINVAL.into());
    }
    if !domain.life().is_alive() {
        return Err(Errno::EINVAL.into());
    }
    domain::make_vcpus(domain)?;
    Ok(0)
}

/// `XEN_DOMCTL_max_mem`: how much it may have, in KiB. Where it has more, it only gets no other.
pub(super) fn max_memory(call: &Call<'_>, domain: &Domain) -> Result {
    let request: MaxMem = body::read(call)?;
    domain.memory().lock().set_max_pages(request.max_memkb / 4);
    Ok(0)
}
