//! `MMU_MACHPHYS_UPDATE` writes the machine-to-physical entry of a frame of the caller: `public/xen.h`. Of another's
//! frame it is refused. Lesson 18: whatever stands there, the hypervisor does not rely on it.
#![no_std]
#![no_main]

use guests::memory::{NOBODYS, pin, set_by, unpin};
use guests::page::{map, page};
use guests::sdk::abi::Errno;
use guests::sdk::abi::xen::MmuUpdateCommand::MachphysUpdate;
use guests::sdk::memory::entry::{Access, Level};
use guests::sdk::memory::pfn_of;
use guests::{Check, Verdict, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let (place, frame) = page()?;
    let number = pfn_of(frame).ok_or_else(|| Verdict::error("the frame has no number"))?;
    for wild in [0, u64::MAX, 0x5555_5555_5555_5555, u64::MAX - 1] {
        granted(wild, set_by(MachphysUpdate, frame, 0, wild))?;
        // With that number it becomes a table and data again.
        map(place, frame, Access::ReadOnly)?;
        granted("pin", pin(frame, Level::L1))?;
        granted("unpin", unpin(frame))?;
        map(place, frame, Access::ReadWrite)?;
    }
    granted("as it was", set_by(MachphysUpdate, frame, 0, number.raw()))?;
    equal("as it was", pfn_of(frame), Some(number))?;
    refused(
        "nobody's",
        set_by(MachphysUpdate, NOBODYS, 0, 0),
        &[Errno::EINVAL],
    )
}
