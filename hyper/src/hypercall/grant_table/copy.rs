//! Copying from and to what is granted.

use ringwall_abi::Mfn;
use ringwall_abi::grant_table::{GrantCopy, GrantCopyPointer};
use ringwall_hw::memory::copy_frame_bytes;
use ringwall_model::grant::{
    Access, Acquired, CopyRequest, CopySide, CopySideArguments, Status, Uses,
};

use super::entries::Entries;
use super::held::{Held, acquire, granter_named};
use crate::hypercall::{self, Call};

/// `GNTTABOP_copy`: one piece of at most a page.
pub(super) fn copy(call: &Call<'_>, request: &mut GrantCopy) -> hypercall::Result<()> {
    request.status = Status::of(&try_copy(call, request));
    Ok(())
}

fn try_copy(call: &Call<'_>, request: &GrantCopy) -> Result<(), Status> {
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

/// A frame that one side of a copy may use. The granter is told of the end before the reference
/// is given back.
struct Side {
    _grant: Option<Acquired<'static, Entries>>,
    _held: Held,
    /// The frame.
    mfn: Mfn,
}

impl Side {
    /// Takes what a copy needs of a frame.
    fn new(call: &Call<'_>, side: CopySide, access: Access) -> Result<Self, Status> {
        let own = call.domain().id();
        let (grant, mfn, owner) = match side {
            CopySide::Own(mfn) => (None, mfn, own),
            CopySide::Grant { granter, reference } => {
                let granter = granter_named(call, granter)?;
                let grant = acquire(granter, reference, own, access, Uses::HOST)?;
                let mfn = grant.frame();
                (Some(grant), mfn, granter.id())
            }
        };
        let held = Held::new(mfn, owner, access)?;
        Ok(Self {
            _grant: grant,
            _held: held,
            mfn,
        })
    }
}
