//! Tables that lead to themselves, or to others of their level, are refused: on the ABI they are an option
//! that a guest can't rely on. Lessons 8 and 10: no chain of them can be built, read-only or not.
#![no_std]
#![no_main]

use guests::memory::{set, table};
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Level, WRITABLE, branch};
use guests::{Check, differs, refused};

guests::rule!(check);

fn check() -> Check {
    let errnos = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    for level in [Level::L2, Level::L3, Level::L4] {
        let (_, table_a) = table(level)?;
        let (_, table_b) = table(level)?;
        refused(
            "to itself, writable",
            set(table_a, 0, branch(table_a)),
            errnos,
        )?;
        refused(
            "to another, writable",
            set(table_a, 0, branch(table_b)),
            errnos,
        )?;
        for target in [table_a, table_b] {
            let answer = set(table_a, 1, branch(target) & !WRITABLE);
            if answer.is_ok() {
                differs("linear tables that are read alone");
                let _ = set(table_a, 1, 0);
            } else {
                refused("to read alone", answer, errnos)?;
            }
        }
    }
    Ok(())
}
