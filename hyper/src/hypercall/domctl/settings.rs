//! A domain's small settings.

use ringwall_abi::Errno;
use ringwall_abi::domctl::{
    AddressSize, HypercallInit, SetDomainHandle, SetTimeOffset, SetVirqHandler, TscInfo,
};
use ringwall_model::event::Virq;

use super::body;
use crate::domain::{self, Domain};
use crate::hypercall::{Call, Result, fill_hypercall_page as fill_page};
use crate::{clock, hypercall::Stop};

/// `XEN_DOMCTL_setdomainhandle`: its UUID, which means nothing here.
pub(super) fn set_handle(call: &Call<'_>, domain: &Domain) -> Result {
    let request: SetDomainHandle = body::read(call)?;
    domain.settings(|settings| settings.handle = request.handle);
    Ok(0)
}

/// `XEN_DOMCTL_settimeoffset`: how far its wall clock is ahead of the machine's, in seconds.
pub(super) fn set_time_offset(call: &Call<'_>, domain: &Domain) -> Result {
    let request: SetTimeOffset = body::read(call)?;
    domain.settings(|settings| settings.time_offset_s = request.time_offset_seconds);
    clock::publish_wall_clock(domain);
    Ok(0)
}

/// `XEN_DOMCTL_set_address_size`: 64 bits.
///
/// # Errors
/// `EINVAL` for 32, in which no guest can run.
pub(super) fn set_address_size(call: &Call<'_>) -> Result {
    let request: AddressSize = body::read(call)?;
    if request.size == u64::BITS {
        Ok(0)
    } else {
        Err(Errno::EINVAL.into())
    }
}

/// `XEN_DOMCTL_get_address_size`.
pub(super) fn get_address_size(call: &Call<'_>) -> Result {
    body::write(call, &AddressSize { size: u64::BITS })
}

/// `XEN_DOMCTL_hypercall_init`: fills a frame of the domain's with the hypercall page.
///
/// # Errors
/// `EINVAL` for a frame that is not the domain's, or may not be written.
pub(super) fn fill_hypercall_page(call: &Call<'_>, domain: &Domain) -> Result {
    let request: HypercallInit = body::read(call)?;
    fill_page(domain, request.gmfn).map_err(Stop::from)?;
    Ok(0)
}

/// The domain reads the machine's time-stamp counter, and it fits its clock. Others: emulated; by need.
const NATIVE: u32 = 2;
const BY_NEED: u32 = 0;

/// `XEN_DOMCTL_gettscinfo`.
///
/// # Errors
/// `EINVAL` for the caller itself.
pub(super) fn get_clock(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    let (created_ns, incarnation) =
        domain.settings(|settings| (settings.created_ns, settings.incarnation));
    let answer = TscInfo {
        tsc_mode: BY_NEED,
        gtsc_khz: clock::tsc_khz(),
        incarnation,
        elapsed_nsec: clock::now_ns().saturating_sub(created_ns),
        ..Default::default()
    };
    body::write(call, &answer)
}

/// `XEN_DOMCTL_settscinfo`: native, whether by need or always.
///
/// # Errors
/// `EINVAL` for the caller itself, or an unknown mode; `EOPNOTSUPP` for an emulated counter, or another
/// rate than the machine's.
pub(super) fn set_clock(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    let request: TscInfo = body::read(call)?;
    match request.tsc_mode {
        BY_NEED | NATIVE => {}
        1 => return Err(Errno::EOPNOTSUPP.into()),
        _ => return Err(Errno::EINVAL.into()),
    }
    if request.gtsc_khz != 0 && request.gtsc_khz != clock::tsc_khz() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    // What is set is how often the domain was restored where it comes from: this is once more.
    let incarnation = request.incarnation.wrapping_add(1);
    domain.settings(|settings| settings.incarnation = incarnation);
    Ok(0)
}

/// `XEN_DOMCTL_set_virq_handler`: the domain gets a virtual interrupt that only one can have.
///
/// # Errors
/// `EINVAL` for one that each virtual CPU has, or that there is not.
pub(super) fn set_virq_handler(call: &Call<'_>, domain: &Domain) -> Result {
    let request: SetVirqHandler = body::read(call)?;
    let virq = Virq::new(request.virq)?;
    domain::set_virq_handler(virq, domain)?;
    Ok(0)
}
