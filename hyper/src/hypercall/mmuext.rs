//! `mmuext_op` (26): pins, roots, flushes, the LDT, whole pages.
//!
//! Arguments: a list of operations, its length, where to write how many were done (or 0), and the
//! domain whose tables they are about. Results: 0; `EINVAL`, `EBUSY`, `EPERM`, `ENOMEM`: about the
//! operation at which it stopped; `ENOSYS` for one that is not known; `EFAULT`; `ESRCH`. The list can
//! be interrupted between operations, and within pins and changes of the root. What an unpin leaves to
//! take down is done before the next operation, or before the guest runs again.

use ringwall_abi::xen::{MmuExtCommand, MmuextOp};
use ringwall_abi::{DomainId, Errno, GuestAddress, MachineAddress, Mfn, PAGE_SIZE};
use ringwall_hw::cpu::{control, local};
use ringwall_hw::guest::descriptors::LDT_PAGES;
use ringwall_hw::guest::mode;
use ringwall_hw::layout::outside_hypervisor;
use ringwall_hw::memory::{clear_frame, copy_frame, guest};
use ringwall_model::memory::{EntryIndex, Level, Machine, Ring, Stale};

use super::{Call, Result, Stop, read_element};
use crate::domain::Domain;
use crate::machine::{MACHINE, memory};
use crate::schedule::Watch;
use crate::vcpu::Vcpu;

/// Set in the length of what is left: the count done so far stands where it is to be written.
const CONTINUED: u64 = 1 << 31;
/// Operations between two looks at what else waits. An LDT of 16 pages is 8192 descriptors to check.
const BATCH: u64 = 4;

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let (list, count) = (call.address(0), call.number(1) & (CONTINUED - 1));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a domain's number has 16 bits"
    )]
    let domain = call.domain_named(DomainId::new(call.number(3) as u16))?;
    let mut done = 0;
    let watch = Watch::new();
    let outcome = loop {
        if done == count {
            break Ok(());
        }
        if watch.must_stop(done, BATCH) {
            break Err(Stop::Resume);
        }
        let outcome =
            read_element::<MmuextOp>(list, done).and_then(|operation| one(call, domain, operation));
        if let Err(stop) = outcome {
            break Err(stop);
        }
        done += 1;
    };
    report(call, done)?;
    match outcome {
        Ok(()) => Ok(0),
        Err(Stop::Resume) => {
            call.arguments[0] = call.arguments[0].wrapping_add(done * size_of::<MmuextOp>() as u64);
            call.arguments[1] = (count - done) | CONTINUED;
            Err(Stop::Resume)
        }
        Err(stop) => Err(stop),
    }
}

/// Writes how many operations were done, where the guest wants to know.
fn report(call: &Call<'_>, done: u64) -> Result<()> {
    let place = call.address(2);
    if place.raw() == 0 {
        return Ok(());
    }
    let earlier: u32 = if call.number(1) & CONTINUED != 0 {
        guest::read(place)?
    } else {
        0
    };
    #[expect(clippy::cast_possible_truncation, reason = "the count has 31 bits")]
    Ok(guest::write(place, &earlier.wrapping_add(done as u32))?)
}

fn one(call: &Call<'_>, domain: &'static Domain, operation: MmuextOp) -> Result<()> {
    let vcpu = call.vcpu;
    let Some(command) = operation.command() else {
        return Err(Errno::ENOSYS.into());
    };
    match command {
        MmuExtCommand::PinL1Table => pin(vcpu, domain, operation.mfn(), Level::L1),
        MmuExtCommand::PinL2Table => pin(vcpu, domain, operation.mfn(), Level::L2),
        MmuExtCommand::PinL3Table => pin(vcpu, domain, operation.mfn(), Level::L3),
        MmuExtCommand::PinL4Table => pin(vcpu, domain, operation.mfn(), Level::L4),
        MmuExtCommand::UnpinTable => unpin(vcpu, domain, operation.mfn()),
        // What follows is about the caller itself.
        _ if domain.id() != call.domain().id() => Err(Errno::EPERM.into()),
        MmuExtCommand::NewBaseptr => set_kernel_root(vcpu, operation.mfn()),
        MmuExtCommand::NewUserBaseptr => set_user_root(vcpu, operation.mfn()),
        // There is one CPU: a set of CPUs is this one, whichever virtual CPUs were named.
        MmuExtCommand::TlbFlushLocal
        | MmuExtCommand::TlbFlushMulti
        | MmuExtCommand::TlbFlushAll => {
            MACHINE.flush_local(control::invalidate_all);
            Ok(())
        }
        MmuExtCommand::InvlpgLocal | MmuExtCommand::InvlpgMulti | MmuExtCommand::InvlpgAll => {
            let address = operation.linear_address().raw();
            if outside_hypervisor(address) {
                control::invalidate_page(address);
            }
            Ok(())
        }
        MmuExtCommand::FlushCache | MmuExtCommand::FlushCacheGlobal => {
            call.require_privilege()?;
            control::write_back_caches();
            Ok(())
        }
        MmuExtCommand::SetLdt => set_ldt(vcpu, operation.linear_address(), operation.entries()),
        MmuExtCommand::ClearPage => {
            let page = memory().get_writable(operation.mfn(), domain.id())?;
            clear_frame(page.mfn());
            memory().put_writable(page, Stale::Flushed);
            Ok(())
        }
        MmuExtCommand::CopyPage => {
            let source = memory().get_page(operation.source_mfn(), domain.id())?;
            let outcome = memory()
                .get_writable(operation.mfn(), domain.id())
                .map(|page| {
                    copy_frame(source.mfn(), page.mfn());
                    memory().put_writable(page, Stale::Flushed);
                });
            memory().put_page(source);
            Ok(outcome?)
        }
        MmuExtCommand::MarkSuper | MmuExtCommand::UnmarkSuper => Err(Errno::EOPNOTSUPP.into()),
    }
}

fn pin(vcpu: &Vcpu, domain: &Domain, mfn: Mfn, level: Level) -> Result<()> {
    // Whoever takes a domain down looks for pins once: a later one would keep its frame for good.
    if !domain.life().is_alive() {
        return Err(Errno::EINVAL.into());
    }
    let mut state = vcpu.state.lock();
    let outcome = memory().pin(mfn, level, domain.id(), &mut state.unfinished);
    state.note_unfinished();
    Ok(outcome?)
}

fn unpin(vcpu: &Vcpu, domain: &Domain, mfn: Mfn) -> Result<()> {
    let mut state = vcpu.state.lock();
    let outcome = memory().unpin(mfn, domain.id(), &mut state.unfinished);
    state.note_unfinished();
    Ok(outcome?)
}

/// Makes a root the running virtual CPU's, for kernel mode, and loads it.
pub(crate) fn set_kernel_root(vcpu: &Vcpu, mfn: Mfn) -> Result<()> {
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    let local = local::current();
    let old = match &state.kernel_root {
        Some(root) if root.mfn() == mfn => None,
        _ => {
            let root = memory().get_root(mfn, vcpu.domain().id(), &mut state.unfinished);
            state.note_unfinished();
            let root = root?;
            local
                .guest
                .kernel_root
                .set(crate::schedule::root_address(&root));
            state.kernel_root.replace(root)
        }
    };
    MACHINE.flush_local(|| mode::load_current_root(local));
    if let Some(old) = old {
        memory().release_root(old, &mut state.unfinished);
        state.note_unfinished();
    }
    Ok(())
}

/// Makes a root the running virtual CPU's, for user mode; 0 for none. It is in kernel mode now.
fn set_user_root(vcpu: &Vcpu, mfn: Mfn) -> Result<()> {
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    let local = local::current();
    if state
        .user_root
        .as_ref()
        .is_some_and(|root| root.mfn() == mfn)
    {
        return Ok(());
    }
    let root = match mfn.raw() {
        0 => None,
        _ => {
            let root = memory().get_root(mfn, vcpu.domain().id(), &mut state.unfinished);
            state.note_unfinished();
            Some(root?)
        }
    };
    local
        .guest
        .user_root
        .set(root.as_ref().map_or(0, crate::schedule::root_address));
    if let Some(old) = core::mem::replace(&mut state.user_root, root) {
        memory().release_root(old, &mut state.unfinished);
        state.note_unfinished();
    }
    Ok(())
}

/// Loads an LDT: `entries` descriptors at a page-aligned address of the guest's.
fn set_ldt(vcpu: &Vcpu, address: GuestAddress, entries: u32) -> Result<()> {
    if entries > 8192
        || address.page_offset() != 0
        || !address.is_canonical()
        || !outside_hypervisor(address.raw())
    {
        return Err(Errno::EINVAL.into());
    }
    let pages = (entries as usize * 8).div_ceil(PAGE_SIZE);
    let domain = vcpu.domain().id();
    let root = MachineAddress::new(local::current().guest.kernel_root.get()).frame();
    let mut taken: [Option<_>; LDT_PAGES] = [const { None }; LDT_PAGES];
    for (page, slot) in taken.iter_mut().enumerate().take(pages) {
        let outcome = address
            .checked_add((page * PAGE_SIZE) as u64)
            .ok_or(Stop::Errno(Errno::EINVAL))
            .and_then(|address| {
                let route = memory().walk(root, address)?;
                let entry = MACHINE.read_entry(route.level1, EntryIndex::of(address, Level::L1));
                if !entry.is_present() {
                    return Err(Errno::EINVAL.into());
                }
                Ok(memory().get_descriptor_page(entry.frame(), domain, Ring::Three)?)
            });
        match outcome {
            Ok(reference) => *slot = Some(reference),
            Err(stop) => {
                for reference in taken.into_iter().flatten() {
                    memory().put_descriptor_page(reference, Stale::Flushed);
                }
                return Err(stop);
            }
        }
    }
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    for (page, reference) in taken.iter().enumerate() {
        state
            .window
            .set_ldt_page(page, reference.as_ref().map(|reference| reference.mfn()));
    }
    let old = core::mem::replace(&mut state.ldt, taken);
    state.ldt_entries = entries;
    state.window.load(entries);
    for reference in old.into_iter().flatten() {
        memory().put_descriptor_page(reference, Stale::Flushed);
    }
    Ok(())
}
