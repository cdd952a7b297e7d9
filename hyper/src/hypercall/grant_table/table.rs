//! The table itself: its frames and its size.

use core::ops::Range;

use ringwall_abi::grant_table::{GrantStatus, QuerySize, SetupTable};
use ringwall_abi::{DomainId, Errno, Mfn};
use ringwall_model::domain::Phase;
use ringwall_model::grant::Status;

use crate::domain::Domain;
use crate::hypercall::{self, Call, Stop, write_element};

/// `GNTTABOP_setup_table`: grows a table, and tells its frames.
pub(super) fn setup(call: &Call<'_>, request: &mut SetupTable) -> hypercall::Result<()> {
    let grown = table_of(call, request.dom).and_then(|domain| {
        grow(domain, request.nr_frames)?;
        Ok(domain)
    });
    request.status = Status::of(&grown);
    let Ok(domain) = grown else { return Ok(()) };
    for (mfn, index) in frames(domain, 0..request.nr_frames).zip(0..) {
        write_element(request.frame_list, index, &mfn)?;
    }
    Ok(())
}

/// `GNTTABOP_query_size`: how many frames a table has, and may have.
pub(super) fn query_size(call: &Call<'_>, request: &mut QuerySize) -> hypercall::Result<()> {
    match table_of(call, request.dom) {
        Ok(domain) => {
            let grants = &domain.grants().grants;
            request.nr_frames = number(grants.frame_count());
            request.max_nr_frames = max_frames(domain);
            request.status = GrantStatus::Okay.number();
        }
        Err(status) => request.status = status.raw(),
    }
    Ok(())
}

/// How many frames a domain's table may have.
pub(in crate::hypercall) fn max_frames(domain: &Domain) -> u32 {
    number(domain.grants().grants.max_frames())
}

/// The frames of a domain's table, which grows to have them.
///
/// # Errors
/// `EINVAL` past the end of what it may have, `ENOMEM`.
pub(in crate::hypercall) fn grown_frames(
    domain: &Domain,
    range: Range<u32>,
) -> hypercall::Result<impl Iterator<Item = Mfn>> {
    grow(domain, range.end).map_err(|status| match status {
        Status::NoSpace => Errno::ENOMEM,
        _ => Errno::EINVAL,
    })?;
    Ok(frames(domain, range))
}

fn grow(domain: &Domain, count: u32) -> Result<(), Status> {
    // A domain that is taken down has its frames counted already.
    if domain.life().phase() != Phase::Alive {
        return Err(Status::BadDomain);
    }
    domain.grants().grow(domain.id(), count)
}

fn frames(domain: &Domain, range: Range<u32>) -> impl Iterator<Item = Mfn> {
    let grants = &domain.grants().grants;
    range.map_while(|index| grants.frame(usize::try_from(index).ok()?))
}

fn table_of(call: &Call<'_>, id: DomainId) -> Result<&'static Domain, Status> {
    call.domain_named(id).map_err(|stop| match stop {
        Stop::Errno(Errno::EPERM) => Status::PermissionDenied,
        _ => Status::BadDomain,
    })
}

fn number(frames: usize) -> u32 {
    u32::try_from(frames).unwrap_or(u32::MAX)
}
