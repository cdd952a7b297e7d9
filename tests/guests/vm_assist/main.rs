//! `vm_assist` switches what the ABI offers on and off; a kind or a command that is none is refused:
//! `public/xen.h`. Twice is as once.
#![no_std]
#![no_main]

use guests::sdk::abi::xen::{VmAssistCommand, VmAssistType};
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Answer, Check, ask, equal, granted, refused};

guests::rule!(check);

fn assist(command: u64, kind: u64) -> Answer {
    ask(Hypercall::VmAssist, [command, kind])
}

fn check() -> Check {
    let enable = u64::from(VmAssistCommand::Enable.number());
    let disable = u64::from(VmAssistCommand::Disable.number());
    for kind in [
        VmAssistType::WritablePagetables,
        VmAssistType::RunstateUpdateFlag,
    ] {
        let kind = u64::from(kind.number());
        for command in [enable, enable, disable, disable, enable] {
            granted("assist", assist(command, kind))?;
        }
    }
    // Those of 32-bit guests: taken without effect, or refused, but each in the same way twice.
    for kind in [
        VmAssistType::FourGbSegments,
        VmAssistType::FourGbSegmentsNotify,
        VmAssistType::PaeExtendedCr3,
        VmAssistType::ArchitecturalIopl,
        VmAssistType::M2pStrict,
    ] {
        let number = u64::from(kind.number());
        let first = assist(enable, number);
        if !first.is_ok() {
            refused(kind, first, &[Errno::EINVAL])?;
        }
        equal(kind, assist(enable, number), first)?;
        equal(kind, assist(disable, number), first)?;
    }
    for kind in [6, 31, 33, 63, 64, 1000, u64::from(u32::MAX)] {
        refused("no kind", assist(enable, kind), &[Errno::EINVAL])?;
    }
    let some = u64::from(VmAssistType::WritablePagetables.number());
    for command in [2, 99, u64::from(u32::MAX)] {
        refused("no command", assist(command, some), &[Errno::ENOSYS])?;
    }
    Ok(())
}
