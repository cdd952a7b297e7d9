//! The privileged domain maps frames of others, by `update_va_mapping_otherdomain` and by `mmu_update` in their name, and pins
//! their tables: `public/xen.h`. A domain that there is not is `ESRCH`; a frame that is not of the domain named is refused.
//! Lessons 19 and 20: a mapping holds the frame, also when its domain is gone; Lesson 15: whose it is never changes under it.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::control::NOBODY;
use guests::domain::Domain;
use guests::memory::update;
use guests::page::{page, remap};
use guests::sdk::abi::domctl::{DomainFlags, DomctlOp, GetDomainInfo};
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp, VaMappingFlags};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn};
use guests::sdk::hypercall::{self, mmuext_op_otherdomain, update_va_mapping_otherdomain};
use guests::sdk::memory::entry::{Access, leaf};
use guests::{Answer, Check, address, ask, code, ensure, equal, granted, refused};

guests::rule!(check);

fn map(window: u64, entry: u64, domain: DomainId) -> Answer {
    let place = GuestAddress::new(window);
    #[expect(unsafe_code, reason = "maps")]
    // SAFETY: nothing but the test uses the page, and it is reached by atomics.
    let result =
        unsafe { update_va_mapping_otherdomain(place, entry, VaMappingFlags::INVLPG, domain) };
    result.into()
}

fn extended(command: MmuExtCommand, frame: Mfn, domain: DomainId) -> Answer {
    let list = [MmuextOp::new(command, frame.raw(), 0)];
    #[expect(unsafe_code, reason = "pins")]
    // SAFETY: the domain does not run.
    let result: hypercall::Result<usize> = unsafe { mmuext_op_otherdomain(&list, domain) };
    result.into()
}

fn check() -> Check {
    let domain = Domain::with_code(1, &code!("nop"))?;
    let frames = domain.frames().to_vec();
    let (root, data) = (frames[0], frames[5]);
    let (window, own) = page()?;
    let place = window.address();
    let writable = |frame| leaf(frame, Access::ReadWrite);
    let wrong = &[Errno::EINVAL, Errno::EPERM, Errno::EBUSY];
    granted(
        "a frame of another's",
        map(place, writable(data), domain.id()),
    )?;
    window.u64(8).store(77, Ordering::SeqCst);
    equal("read", window.u64(8).load(Ordering::SeqCst), 77)?;
    refused(
        "of nobody",
        map(place, writable(data), NOBODY),
        &[Errno::ESRCH],
    )?;
    refused(
        "a table, writable",
        map(place, writable(root), domain.id()),
        wrong,
    )?;
    refused(
        "ours in its name",
        map(place, writable(own), domain.id()),
        wrong,
    )?;
    let nowhere = map(0x8000_0000_0000_0000, writable(data), domain.id());
    refused("at no address", nowhere, &[Errno::EINVAL])?;

    // The same by `mmu_update`, whose low half of the argument names whose the tables are: ours.
    let table = guests::tables::table(place, guests::sdk::memory::entry::Level::L1)?;
    let index = guests::sdk::memory::entry::Level::L1.index(place);
    let by_update = |frame, foreign: DomainId| {
        let updates = [update(table, index, writable(frame))];
        let arguments = [address(&updates), 1, 0, u64::from(foreign.raw())];
        ask(Hypercall::MmuUpdate, arguments)
    };
    remap(window, 0)?;
    granted("by mmu_update", by_update(data, domain.id()))?;
    equal("read", window.u64(8).load(Ordering::SeqCst), 77)?;
    refused("of nobody", by_update(data, NOBODY), &[Errno::ESRCH])?;

    remap(window, 0)?;
    let pin = MmuExtCommand::PinL4Table;
    granted("pin", extended(pin, root, domain.id()))?;
    refused("pin twice", extended(pin, root, domain.id()), wrong)?;
    refused("of nobody", extended(pin, root, NOBODY), &[Errno::ESRCH])?;
    refused("in our name", extended(pin, root, DomainId::SELF), wrong)?;
    granted(
        "unpin",
        extended(MmuExtCommand::UnpinTable, root, domain.id()),
    )?;

    // A page that is mapped here outlives its domain, and is nobody's to get meanwhile.
    granted("once more", map(place, writable(data), domain.id()))?;
    window.u64(8).store(78, Ordering::SeqCst);
    let destroyed = domain.destroy();
    granted("destroy", destroyed)?;
    let mut info = GetDomainInfo::default();
    granted(
        "it is there yet",
        domain.control(DomctlOp::GetDomainInfo, &mut info),
    )?;
    ensure!(
        info.domain == domain.id() && info.flags.contains(DomainFlags::DYING),
        "{:?} is {:?}",
        info.domain,
        info.flags
    );
    equal("what is mapped", window.u64(8).load(Ordering::SeqCst), 78)?;
    remap(window, 0)?;
    let answer = domain.control(DomctlOp::GetDomainInfo, &mut info);
    ensure!(
        answer.is(Errno::ESRCH) || info.domain != domain.id(),
        "it stays when nobody has its page"
    );
    Ok(())
}
