//! One boot under QEMU: what to boot, the running machine, and what came of it.

mod boot;
mod console;
mod machine;

pub(crate) use boot::{Boot, Hypervisor};
pub(crate) use console::Console;
pub(crate) use machine::{Answer, End, Outcome, Watch, interactive, supervised};

use crate::debian::Need;

/// What this machine needs to run QEMU.
pub(crate) const NEEDS: &[Need] = &[Need::program("qemu-system-x86", "qemu-system-x86_64")];
