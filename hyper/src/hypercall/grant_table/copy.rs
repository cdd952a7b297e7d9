//! Copying from and to what is granted.

use ringwall_abi::grant_table::{GrantCopy, GrantCopyPointer};
use ringwall_hw::memory::copy_frame_bytes;
use ringwall_model::grant::{Access, CopyRequest, CopySideArguments, Status};

use super::held::Side;
use crate::hypercall::{Call, Result};

/// `GNTTABOP_copy`: one piece of at most a page.
pub(super) fn copy(call: &Call<'_>, request: &mut GrantCopy) -> Result<()> {
    request.status = Status::of(&try_copy(call, request));
    Ok(())
}

fn try_copy(call: &Call<'_>, request: &GrantCopy) -> core::result::Result<(), Status> {
    let copy = CopyRequest::decode(
        arguments(&request.source),
        arguments(&request.dest),
        request.len,
        request.flags.bits(),
    )?;
    let source = Side::new(call, copy.source, Access::ReadOnly)?;
    let destination = Side::new(call, copy.destination, Access::ReadWrite)?;
    let from = (source.mfn, copy.source_offset);
    if copy_frame_bytes(
        from,
        (destination.mfn, copy.destination_offset),
        copy.length,
    ) {
        Ok(())
    } else {
        Err(Status::BadCopyArgument)
    }
}

fn arguments(side: &GrantCopyPointer) -> CopySideArguments {
    CopySideArguments {
        number: side.page,
        domain: side.domid,
        offset: side.offset,
    }
}
