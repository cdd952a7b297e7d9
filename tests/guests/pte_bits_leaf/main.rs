//! Which bits a guest may set in a leaf entry: present, writable, user, accessed, dirty, the software's three
//! (9 to 11) and no-execute, with its own frame; bits of the address above what the machine has are refused:
//! `public/xen.h`, SDM vol. 3A 4.5. Memory type and global are no guest's affair on Ringwall (Lesson 26); Xen lets a
//! privileged domain choose the type of its RAM, and takes "global" for its own use.
#![no_std]
#![no_main]

use guests::memory::{set, table};
use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::memory::entry::{Access, Level, leaf};
use guests::{Check, differs, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (_, l1) = table(Level::L1)?;
    let (_, data) = page()?;
    let plain = leaf(data, Access::ReadOnly);
    for bit in [1, 5, 6, 9, 10, 11, 63] {
        granted(bit, set(l1, 3, plain | 1 << bit))?;
        granted("none again", set(l1, 3, 0))?;
    }
    let errnos = &[Errno::EINVAL, Errno::EPERM];
    for bit in 46..52 {
        refused(bit, set(l1, 3, plain | 1 << bit), errnos)?;
    }
    for bit in [7, 8] {
        let answer = set(l1, 3, plain | 1 << bit);
        if answer.is_ok() {
            differs("memory types and global pages of a guest");
            granted("none again", set(l1, 3, 0))?;
        } else {
            refused(bit, answer, errnos)?;
        }
    }
    // What is not present may hold anything that is no frame's address (lesson 61).
    for value in [0, 2, 0xffe, 1 << 62] {
        granted("not present", set(l1, 3, value))?;
    }
    granted("none again", set(l1, 3, 0)).map(|_| ())
}
