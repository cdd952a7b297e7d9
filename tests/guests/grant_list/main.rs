//! A list of grant operations has a status for each element, is done in order, and may be long: it is
//! preempted and goes on. `public/grant_table.h`. Lesson 31: each element gets its status, also behind a
//! preemption. A list that can't be read is `EFAULT`.
#![no_std]
#![no_main]

use guests::grants::{ACCESS, Table, grant_list, status};
use guests::page::page;
use guests::sdk::abi::grant_table::{CopyFlags, GrantCopy, GrantCopyPointer, GrantOp, GrantStatus};
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::{Check, ask, granted, refused};

guests::rule!(check);

const COUNT: usize = 3000;

fn check() -> Check {
    let table = Table::new()?;
    let (_, from) = page()?;
    let (_, to) = page()?;
    table.set(10, ACCESS, to);
    let element = |reference: u64| GrantCopy {
        source: GrantCopyPointer {
            page: from.raw(),
            domid: DomainId::SELF,
            ..GrantCopyPointer::default()
        },
        dest: GrantCopyPointer {
            page: reference,
            domid: DomainId::SELF,
            ..GrantCopyPointer::default()
        },
        len: 4096,
        flags: CopyFlags::DEST_GREF,
        status: i16::MIN,
        ..GrantCopy::default()
    };
    // Every third element is bad.
    let mut list: alloc::vec::Vec<GrantCopy> = (0..COUNT)
        .map(|index| element(if index % 3 == 2 { 1 << 30 } else { 10 }))
        .collect();
    granted("the list", grant_list(GrantOp::Copy, &mut list))?;
    for (index, element) in list.iter().enumerate() {
        let expected = match index % 3 {
            2 => GrantStatus::BadReference,
            _ => GrantStatus::Okay,
        };
        status(index, element.status, expected)?;
    }
    for place in [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        let operation = u64::from(GrantOp::Copy.number());
        let answer = ask(Hypercall::GrantTableOp, [operation, place, 2]);
        refused("a list that is none", answer, &[Errno::EFAULT])?;
    }
    Ok(())
}

extern crate alloc;
