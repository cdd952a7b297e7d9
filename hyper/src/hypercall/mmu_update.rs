//! `mmu_update` (1): a list of writes to page tables, and to the machine-to-physical table.
//!
//! Arguments: the list, its length, where to write how many were done (or 0), and the domains: the
//! owner of the frames in 15:0, one more than the owner of the tables in 31:16, or 0 for the caller.
//! Results: 0; `EINVAL`, `EPERM`, `ENOMEM`: about the entry at which it stopped; `EFAULT`; `ESRCH`.
//! The list can be interrupted between entries, and within one that validates tables.

use core::sync::atomic::Ordering;

use ringwall_abi::xen::{MmuUpdate, MmuUpdateCommand};
use ringwall_abi::{DomainId, Errno, Pfn};
use ringwall_hw::memory::{frame_word, guest};
use ringwall_model::memory::{Entry, EntryAddress, Error, Keep, Level, Reach, TypeReference};

use super::{Call, Result, Stop, read_element};
use crate::machine::memory;
use crate::schedule::Watch;

/// Set in the length of what is left: the count done so far stands where it is to be written.
const CONTINUED: u64 = 1 << 31;
/// Entries between two looks at what else waits.
const BATCH: u64 = 64;

/// Whose tables, whose frames.
struct Domains {
    tables: DomainId,
    frames: DomainId,
}

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let (list, count) = (call.address(0), call.number(1) & (CONTINUED - 1));
    let domains = domains(call)?;
    let mut held = Held(None);
    let mut done = 0;
    let watch = Watch::new();
    let outcome = loop {
        if done == count {
            break Ok(());
        }
        if watch.must_stop(done, BATCH) {
            break Err(Stop::Resume);
        }
        let request = match read_element::<MmuUpdate>(list, done) {
            Ok(request) => request,
            Err(stop) => break Err(stop),
        };
        if let Err(stop) = one(call, &mut held, request, &domains) {
            break Err(stop);
        }
        done += 1;
    };
    held.release();
    report(call, done)?;
    match outcome {
        Ok(()) => Ok(0),
        Err(Stop::Resume) => {
            call.arguments[0] =
                call.arguments[0].wrapping_add(done * size_of::<MmuUpdate>() as u64);
            call.arguments[1] = (count - done) | CONTINUED;
            Err(Stop::Resume)
        }
        Err(stop) => Err(stop),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a domain's number has 16 bits"
)]
fn domains(call: &Call<'_>) -> Result<Domains> {
    let word = call.word(3);
    let tables = match (word >> 16) as u16 {
        0 => call.domain().id(),
        other => call.domain_named(DomainId::new(other - 1))?.id(),
    };
    let frames = match DomainId::new(word as u16) {
        // Frames that are no RAM have no owner to look up.
        DomainId::IO => tables,
        other => call.domain_named(other)?.id(),
    };
    Ok(Domains { tables, frames })
}

/// Writes how many entries were done, where the guest wants to know.
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

/// The table of the entry before: lists are mostly about one table.
struct Held(Option<TypeReference<Level>>);

impl Held {
    fn release(&mut self) {
        if let Some(table) = self.0.take() {
            memory().let_go(table);
        }
    }
}

fn one(call: &Call<'_>, held: &mut Held, request: MmuUpdate, domains: &Domains) -> Result<()> {
    let keep = match request.command() {
        MmuUpdateCommand::NormalPtUpdate => Keep::Nothing,
        MmuUpdateCommand::PtUpdatePreserveAd | MmuUpdateCommand::PtUpdateNoTranslate => {
            Keep::AccessedDirty
        }
        MmuUpdateCommand::MachphysUpdate => {
            let mfn = request.address().frame();
            return Ok(memory().update_m2p(mfn, Pfn::new(request.val), domains.frames)?);
        }
    };
    let place = EntryAddress::try_from(request.address())?;
    let entry = Entry::new(request.val);
    if held
        .0
        .as_ref()
        .is_none_or(|table| table.mfn() != place.table)
    {
        held.release();
        match memory().hold_any_table(place.table, domains.tables) {
            Ok(table) => held.0 = Some(table),
            Err(Error::TypeConflict | Error::BadLevel) => return plain(place, entry, domains),
            Err(error) => return Err(error.into()),
        }
    }
    let Some(table) = &held.0 else {
        return Err(Errno::EINVAL.into());
    };
    match table.level() {
        Level::L1 => {
            memory().update_l1_entry(
                table,
                place.index,
                entry,
                keep,
                domains.frames,
                Reach::Anywhere,
            )?;
        }
        Level::L2 | Level::L3 | Level::L4 => {
            let mut state = call.vcpu.state.lock();
            let unfinished = &mut state.unfinished;
            let outcome = memory().update_upper_entry(table, place.index, entry, keep, unfinished);
            state.note_unfinished();
            outcome?;
        }
    }
    Ok(())
}

/// A word of a frame that is no table yet: written as it is.
fn plain(place: EntryAddress, entry: Entry, domains: &Domains) -> Result<()> {
    let page = memory().get_writable(place.table, domains.tables)?;
    if let Some(word) = frame_word(place.table, place.index.raw().into()) {
        word.store(entry.raw(), Ordering::Release);
    }
    memory().put_writable(page, ringwall_model::memory::Stale::Flushed);
    Ok(())
}
