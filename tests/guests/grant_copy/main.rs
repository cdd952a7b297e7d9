//! `GNTTABOP_copy` copies bytes between frames that are the caller's own (by their numbers) or granted (by
//! references), within one page on each side: `public/grant_table.h`. Nothing else is written, and what
//! crosses a page's end is `GNTST_bad_copy_arg`. A frame granted to read alone is no target.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::grants::{ACCESS, READ_ONLY, Table, grant, one_status, status};
use guests::page::page;
use guests::sdk::abi::DomainId;
use guests::sdk::abi::grant_table::GrantStatus::{
    BadCopyArgument, BadDomain, BadReference, GeneralError, Okay, PermissionDenied,
};
use guests::sdk::abi::grant_table::{
    CopyFlags, GrantCopy, GrantCopyPointer, GrantEntryFlags, GrantOp,
};
use guests::{Check, Verdict, ensure, equal, granted};

guests::rule!(check);

/// What stands at a byte of the source.
fn pattern(byte: usize) -> u8 {
    u8::try_from(byte % 251).unwrap_or(0)
}

fn side(page: u64, offset: u16) -> GrantCopyPointer {
    GrantCopyPointer {
        page,
        domid: DomainId::SELF,
        offset,
        ..GrantCopyPointer::default()
    }
}

fn copy(
    source: GrantCopyPointer,
    dest: GrantCopyPointer,
    len: u16,
    flags: CopyFlags,
) -> Result<i16, Verdict> {
    let mut argument = GrantCopy {
        source,
        dest,
        len,
        flags,
        ..GrantCopy::default()
    };
    granted("copy", grant(GrantOp::Copy, &mut argument))?;
    Ok(argument.status)
}

fn check() -> Check {
    let table = Table::new()?;
    let (from, from_frame) = page()?;
    let (to, to_frame) = page()?;
    for byte in 0..4096 {
        from.u8(byte).store(pattern(byte), Ordering::SeqCst);
    }
    table.set(10, READ_ONLY, from_frame);
    table.set(11, ACCESS, to_frame);
    table.set(12, READ_ONLY, to_frame);
    let both = CopyFlags::SOURCE_GREF | CopyFlags::DEST_GREF;

    status(
        "by references",
        copy(side(10, 5), side(11, 1000), 77, both)?,
        Okay,
    )?;
    for byte in 0..4096_usize {
        let expected = match byte {
            1000..1077 => pattern(byte - 995),
            _ => 0,
        };
        equal(byte, to.u8(byte).load(Ordering::SeqCst), expected)?;
    }
    let source = side(from_frame.raw(), 0);
    let whole = copy(source, side(11, 0), 4096, CopyFlags::DEST_GREF)?;
    status("a whole page, by number", whole, Okay)?;
    equal("its end", to.u8(4095).load(Ordering::SeqCst), pattern(4095))?;
    status(
        "nothing",
        copy(side(10, 4096 - 1), side(11, 0), 0, both)?,
        Okay,
    )?;

    for (offset_from, offset_to, length) in [
        (4095, 0, 2),
        (0, 4095, 2),
        (1, 0, 4096),
        (0, 1, 4096),
        (0, 0, 4097),
        (u16::MAX, 0, 1),
        (0, 0, u16::MAX),
    ] {
        let bad = copy(side(10, offset_from), side(11, offset_to), length, both)?;
        one_status(length, bad, &[BadCopyArgument])?;
    }
    let read_only = copy(side(10, 0), side(12, 0), 8, both)?;
    one_status(
        "to what is read alone",
        read_only,
        &[GeneralError, PermissionDenied],
    )?;
    let none = copy(side(99, 0), side(11, 0), 8, both)?;
    one_status("what grants nothing", none, &[GeneralError, BadReference])?;
    let far = copy(side(u64::from(u32::MAX), 0), side(11, 0), 8, both)?;
    one_status("beyond the table", far, &[BadReference])?;
    let mut nobody = side(10, 0);
    nobody.domid = DomainId::new(1234);
    one_status(
        "nobody's",
        copy(nobody, side(11, 0), 8, both)?,
        &[BadDomain],
    )?;
    let wild = copy(
        side(0xff_ffff_ffff, 0),
        side(11, 0),
        8,
        CopyFlags::DEST_GREF,
    )?;
    ensure!(wild < 0, "a frame that is none: {wild}");
    for reference in [10, 11, 12] {
        let busy = GrantEntryFlags::READING | GrantEntryFlags::WRITING;
        let flags = table.flags(reference);
        ensure!(
            !flags.intersects(busy),
            "{reference} is still held: {flags:?}"
        );
    }
    Ok(())
}
