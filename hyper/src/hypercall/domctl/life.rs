//! Pause, resume and end.

use ringwall_abi::Errno;

use super::body;
use crate::domain::{self, Domain};
use crate::hypercall::{Call, Result, Stop};

/// `XEN_DOMCTL_destroydomain`: takes a domain down, all of it. Of a domain that others hold frames of, the
/// rest goes when they let go.
///
/// # Errors
/// `EINVAL` for the caller itself, or another privileged domain.
pub(super) fn destroy(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    if domain.is_privileged() {
        return Err(Errno::EINVAL.into());
    }
    domain::take_down(domain).map_err(|_| Stop::Resume)?;
    Ok(0)
}

/// `XEN_DOMCTL_pausedomain`: counted.
///
/// # Errors
/// `EINVAL` for the caller itself; `EOVERFLOW` for too many.
pub(super) fn pause(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    domain.life().pause().map_err(Errno::from)?;
    domain::stop(domain);
    Ok(0)
}

/// `XEN_DOMCTL_unpausedomain`: undoes one pause.
///
/// # Errors
/// `EINVAL` for the caller itself, or a domain that is not paused.
pub(super) fn unpause(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    if domain.life().unpause().map_err(Errno::from)? {
        domain::start(domain);
    }
    Ok(0)
}

/// `XEN_DOMCTL_resumedomain`: a domain that shut down goes on.
///
/// # Errors
/// `EINVAL` for the caller itself.
pub(super) fn resume(call: &Call<'_>, domain: &'static Domain) -> Result {
    let domain = call.other_domain(domain.id())?;
    if domain.life().resume() {
        domain::start(domain);
    }
    Ok(0)
}

/// `XEN_DOMCTL_subscribe`: the port of the domain's own that hears of its suspension.
pub(super) fn subscribe(call: &Call<'_>, domain: &Domain) -> Result {
    let port: u32 = body::read(call)?;
    domain.settings(|settings| settings.suspend_port = port);
    Ok(0)
}
