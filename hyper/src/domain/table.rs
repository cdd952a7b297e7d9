//! All domains, by their numbers; seats that nobody has.

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use hashbrown::HashMap;
use ringwall_abi::{DomainId, Errno};
use ringwall_model::domain::{Phase, next_id};
use spin::{Once, RwLock};

use super::seat::{Domain, Power};
use super::take_down::reap;
use crate::pool;

/// The table. Lock order: a leaf; held for look-ups and changes of the table alone.
static TABLE: RwLock<Option<Table>> = RwLock::new(None);
/// dom0, which most look-ups are for.
static DOM0: Once<&'static Domain> = Once::new();
/// Domains that wait for others to let go of their frames.
static DEAD: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Table {
    domains: HashMap<DomainId, &'static Domain>,
    /// Seats without a domain; there is room for all that exist.
    vacant: Vec<&'static Domain>,
    seats: usize,
    /// The number that was picked last.
    last: Option<DomainId>,
}

/// Finds a domain by its number, also one that is being taken down.
#[inline]
pub(crate) fn find(id: DomainId) -> Option<&'static Domain> {
    if id == DomainId::DOM0 {
        return DOM0.get().copied();
    }
    TABLE.read().as_ref()?.domains.get(&id).copied()
}

/// The domain with the lowest number that is `from` or above.
pub(crate) fn first_from(from: DomainId) -> Option<&'static Domain> {
    let table = TABLE.read();
    let domains = table.as_ref()?.domains.values();
    let above = domains.filter(|domain| domain.id() >= from);
    above.min_by_key(|domain| domain.id()).copied()
}

/// How many domains there are.
pub(crate) fn count() -> u32 {
    let table = TABLE.read();
    let count = table.as_ref().map_or(0, |table| table.domains.len());
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a number is some domain's.
pub(super) fn is_taken(id: DomainId) -> bool {
    find(id).is_some()
}

/// A free number; the next call gives another.
pub(super) fn pick_id() -> Option<DomainId> {
    let mut guard = TABLE.write();
    let table = guard.get_or_insert_default();
    let last = table.last.unwrap_or(DomainId::DOM0);
    let id = next_id(last, |id| table.domains.contains_key(&id))?;
    table.last = Some(id);
    Some(id)
}

/// A seat for a domain to come, and room for it in the table.
///
/// # Errors
/// `ENOMEM`.
pub(super) fn take_seat(power: Power) -> Result<&'static Domain, Errno> {
    {
        let mut guard = TABLE.write();
        let table = guard.get_or_insert_default();
        table.domains.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        if let Some(seat) = table.vacant.pop() {
            return Ok(seat);
        }
        let room = (table.seats + 1).saturating_sub(table.vacant.len());
        table.vacant.try_reserve(room).map_err(|_| Errno::ENOMEM)?;
        table.seats += 1;
    }
    let made = Domain::vacant(power).and_then(pool::keep);
    if made.is_err() {
        TABLE.write().get_or_insert_default().seats -= 1;
    }
    made
}

/// Gives a seat back that got no domain, or whose domain is gone. With a second CPU it would have to
/// wait until each has left the hypervisor once, for one may have found the domain before.
pub(super) fn leave_seat(seat: &'static Domain) {
    seat.life().vacate();
    TABLE.write().get_or_insert_default().vacant.push(seat);
}

/// Lets everybody find a domain. False where another has its number.
pub(super) fn enter(domain: &'static Domain) -> bool {
    let id = domain.id();
    if id == DomainId::DOM0 {
        DOM0.call_once(|| domain);
    }
    let mut guard = TABLE.write();
    let domains = &mut guard.get_or_insert_default().domains;
    if domains.contains_key(&id) {
        return false;
    }
    domains.insert(id, domain);
    true
}

/// Makes a number nobody's.
pub(super) fn remove(id: DomainId) {
    if let Some(table) = TABLE.write().as_mut() {
        table.domains.remove(&id);
    }
}

pub(super) fn count_dead(change: impl FnOnce(&AtomicU32)) {
    change(&DEAD);
}

/// Forgets the dead domains of which nobody holds anything any more. Toolstacks look here often enough,
/// and nobody else can tell: a reference that goes away is a number that falls.
pub(crate) fn reap_all() {
    if DEAD.load(Ordering::Relaxed) == 0 {
        return;
    }
    let mut next = Some(DomainId::DOM0);
    while let Some(domain) = next.and_then(first_from) {
        next = domain.id().raw().checked_add(1).map(DomainId::new);
        if domain.life().phase() == Phase::Dead {
            reap(domain);
        }
    }
}
