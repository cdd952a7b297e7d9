//! Grants.

use ringwall_abi::grant_table::{CopyFlags, GrantCopy, GrantCopyPointer, GrantOp, SetupTable};
use ringwall_abi::xen::VaMappingFlags;
use ringwall_abi::{DomainId, GuestAddress, Hypercall, Mfn};

use crate::call::{Refused, address_mut, call, timed, update_va};
use crate::memory::{Pages, READ_WRITE, Start, entry};
use crate::meter::{Cost, least, report};

/// Where the grant table is mapped.
static TABLE: Pages<1> = Pages::new();
/// What is copied, and where to.
static COPIED: Pages<2> = Pages::new();
/// A reference that is not one of the reserved.
const REFERENCE: u32 = 8;
/// The type `GTF_permit_access` in an entry's first half word.
const PERMIT_ACCESS: u64 = 1;

/// Measures a copy of a page that the guest grants itself.
pub(crate) fn measure(start: &Start<'_>) {
    report("grant_copy", copy(start));
}

fn copy(start: &Start<'_>) -> Cost {
    set_up()?;
    let [source, target] = [0, 1].map(|page| start.frame(COPIED.address(page)).raw());
    // Flags, then the domain 0, then the frame.
    TABLE.write(0, REFERENCE as usize, PERMIT_ACCESS | source << 32);
    let mut copy = GrantCopy {
        source: GrantCopyPointer {
            page: REFERENCE.into(),
            domid: DomainId::SELF,
            ..GrantCopyPointer::default()
        },
        dest: GrantCopyPointer {
            page: target,
            domid: DomainId::SELF,
            ..GrantCopyPointer::default()
        },
        len: 4096,
        flags: CopyFlags::SOURCE_GREF,
        ..GrantCopy::default()
    };
    least(|_| {
        let arguments = [GrantOp::Copy as u64, address_mut(&mut copy), 1, 0];
        let timed = timed(Hypercall::GrantTableOp, arguments)?;
        match copy.status {
            0 => Ok(timed),
            status => Err(Refused(status.into())),
        }
    })
}

/// Maps the table's first frame.
fn set_up() -> Result<(), Refused> {
    let mut frame = Mfn::new(0);
    let mut setup = SetupTable {
        dom: DomainId::SELF,
        nr_frames: 1,
        frame_list: GuestAddress::new(address_mut(&mut frame)),
        ..SetupTable::default()
    };
    let arguments = [GrantOp::SetupTable as u64, address_mut(&mut setup), 1, 0];
    call(Hypercall::GrantTableOp, arguments)?;
    if setup.status != 0 {
        return Err(Refused(setup.status.into()));
    }
    // The hypervisor wrote it behind the compiler's back.
    let frame = core::hint::black_box(frame);
    let flush = VaMappingFlags::INVLPG.bits();
    update_va(TABLE.address(0), entry(frame, READ_WRITE), flush)?;
    Ok(())
}
