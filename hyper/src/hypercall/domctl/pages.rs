//! What a domain's pages are.

use ringwall_abi::domctl::{GetPageFrameInfo3, PageFrameType};
use ringwall_abi::{Errno, Mfn};
use ringwall_hw::memory::{frames, guest};
use ringwall_model::memory::Kind;

use super::body;
use crate::domain::Domain;
use crate::hypercall::{Call, Result, read_element};
use crate::machine::memory;

/// Most frames of one request, as the ABI has it.
const MOST: u64 = 1024;

/// `XEN_DOMCTL_getpageframeinfo3`: overwrites the low half of each frame's number by what it is.
///
/// # Errors
/// `E2BIG` for more than 1024.
pub(super) fn types(call: &Call<'_>, domain: &Domain) -> Result {
    let request: GetPageFrameInfo3 = body::read(call)?;
    if request.num > MOST {
        return Err(Errno::E2BIG.into());
    }
    for index in 0..request.num {
        let mfn: Mfn = read_element(request.array, index)?;
        let place = request
            .array
            .checked_add(index * size_of::<Mfn>() as u64)
            .ok_or(Errno::EFAULT)?;
        guest::write(place, &kind_of(domain, mfn))?;
    }
    Ok(0)
}

fn kind_of(domain: &Domain, mfn: Mfn) -> u32 {
    let Ok(page) = memory().get_page(mfn, domain.id()) else {
        return PageFrameType::Invalid.number();
    };
    let described = frames::frame(mfn).map(|frame| {
        let kind = match frame.usage() {
            (_, 0) => PageFrameType::NoTable,
            (Kind::L1, _) => PageFrameType::L1Table,
            (Kind::L2, _) => PageFrameType::L2Table,
            (Kind::L3, _) => PageFrameType::L3Table,
            (Kind::L4, _) => PageFrameType::L4Table,
            (Kind::None | Kind::Writable | Kind::Descriptor | Kind::Shared, _) => {
                PageFrameType::NoTable
            }
        };
        let pinned = if frame.is_pinned() {
            PageFrameType::Pinned.number()
        } else {
            0
        };
        kind.number() | pinned
    });
    memory().put_page(page);
    described.unwrap_or(PageFrameType::Invalid.number())
}
