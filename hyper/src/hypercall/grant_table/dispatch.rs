//! Which operation it is.

use ringwall_abi::Errno;
use ringwall_abi::grant_table::{CacheFlush, GetVersion, GrantOp, SetVersion};
use ringwall_model::grant;

use super::{batch, copy, map, table, unmap};
use crate::hypercall::{Call, Result};

/// Does a `grant_table_op`.
pub(in crate::hypercall) fn handle(call: &mut Call<'_>) -> Result {
    let number = u64::from(call.word(0));
    match GrantOp::from_number(number).ok_or(Errno::ENOSYS)? {
        GrantOp::MapGrantRef => batch::each(call, map::map),
        GrantOp::UnmapGrantRef => batch::groups(call, unmap::unmap),
        GrantOp::UnmapAndReplace => batch::groups(call, unmap::replace),
        GrantOp::Copy => batch::each(call, copy::copy),
        GrantOp::CacheFlush => batch::each(call, cache_flush),
        GrantOp::SetupTable => batch::one(call, table::setup),
        GrantOp::QuerySize => batch::one(call, table::query_size),
        GrantOp::SetVersion => batch::one(call, set_version),
        GrantOp::GetVersion => batch::one(call, get_version),
        GrantOp::Transfer
        | GrantOp::DumpTable
        | GrantOp::GetStatusFrames
        | GrantOp::SwapGrantRef => Err(Errno::ENOSYS.into()),
    }
}

fn cache_flush(_: &Call<'_>, request: &mut CacheFlush) -> Result<()> {
    Ok(grant::cache_flush(
        request.op.bits(),
        request.offset,
        request.length,
    )?)
}

fn set_version(_: &Call<'_>, request: &mut SetVersion) -> Result<()> {
    request.version = grant::set_version(request.version)?;
    Ok(())
}

fn get_version(call: &Call<'_>, request: &mut GetVersion) -> Result<()> {
    call.domain_named(request.dom)?;
    request.version = grant::VERSION;
    Ok(())
}
