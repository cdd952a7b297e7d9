//! Resources whose frames a toolstack maps.

use ringwall_abi::Errno;
use ringwall_abi::memory::{AcquireResource, ResourceType};

use crate::hypercall::{Call, Result, grant_table, write_element};

/// `XENMEM_acquire_resource`, for the privileged: the frames of a domain's grant table, which grows
/// to have them; without a list, how many it may have.
///
/// # Errors
/// `EINVAL` for frames past the end, a nonzero `pad` or an unknown `id`; `EOPNOTSUPP` for another
/// kind of resource; `ENOMEM`.
pub(super) fn acquire(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    let mut request: AcquireResource = call.read(1)?;
    let domain = call.domain_named(request.domid)?;
    if ResourceType::try_from(request.kind) != Ok(ResourceType::GrantTable) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if request._pad != 0 || request.id != 0 {
        return Err(Errno::EINVAL.into());
    }
    if request.frame_list.is_null() {
        if request.nr_frames != 0 {
            return Err(Errno::EINVAL.into());
        }
        request.nr_frames = grant_table::max_frames(domain);
        call.write(1, &request)?;
        return Ok(0);
    }
    let first = u32::try_from(request.frame).map_err(|_| Errno::EINVAL)?;
    let end = first.checked_add(request.nr_frames).ok_or(Errno::EINVAL)?;
    // As many as a table may have, so the list is short.
    for (mfn, index) in grant_table::grown_frames(domain, first..end)?.zip(0..) {
        write_element(request.frame_list, index, &mfn)?;
    }
    Ok(0)
}
