//! Where a mapping is put: an entry of a level-1 table.

use ringwall_abi::{GuestAddress, MachineAddress, Mfn};
use ringwall_hw::cpu::{control, local};
use ringwall_model::grant::{HostAddress, Status};
use ringwall_model::memory::{
    EntryAddress, EntryIndex, Error, Flags, Flush, Level, Reach, Route, TypeReference,
};

use super::held::Held;
use crate::domain::Domain;
use crate::machine::{MACHINE, memory};

type Result<T> = core::result::Result<T, Status>;

/// An entry of a level-1 table of the caller's, held.
pub(super) struct Slot {
    table: Option<TypeReference<Level>>,
    index: EntryIndex,
    route: Option<(GuestAddress, Route)>,
    unfit: Status,
}

impl Slot {
    /// Finds the entry that a mapping is for.
    ///
    /// # Errors
    /// [`Status::BadVirtualAddress`] for an address without a table, [`Status::General`] for an
    /// entry that lies in none; [`Status::Again`].
    pub(super) fn find(domain: &Domain, host: HostAddress) -> Result<Self> {
        let (table, index, route, unfit) = match host {
            HostAddress::Virtual(address) => {
                let unfit = Status::BadVirtualAddress;
                let route = memory().walk(root(), address).map_err(|_| unfit)?;
                let index = EntryIndex::of(address, Level::L1);
                (route.level1, index, Some((address, route)), unfit)
            }
            HostAddress::Entry(address) => {
                let unfit = Status::General;
                let place = EntryAddress::try_from(address).map_err(|_| unfit)?;
                (place.table, place.index, None, unfit)
            }
        };
        let held = memory().hold_table(table, Level::L1, domain.id());
        let table = Some(held.map_err(|error| status(error, unfit))?);
        Ok(Self {
            table,
            index,
            route,
            unfit,
        })
    }

    /// Puts a granted frame there.
    ///
    /// # Errors
    /// As of [`find`](Self::find); the reference is given back.
    pub(super) fn install(&self, held: Held, flags: Flags) -> Result<()> {
        let (Some(table), Some(granted)) = (&self.table, held.keep()) else {
            return Err(Status::General);
        };
        match memory().install_grant_entry(table, self.index, granted, flags, self.reach()) {
            Ok(flush) => self.flush(flush),
            Err((error, granted)) => {
                drop(Held::from(granted));
                return Err(status(error, self.unfit));
            }
        }
        Ok(())
    }

    /// Makes the guest see the new entry, also where it had another there.
    fn flush(&self, flush: Flush) {
        match (flush, &self.route) {
            (Flush::Nothing, _) => {}
            (Flush::Page, Some((address, _))) => control::invalidate_page(address.raw()),
            (Flush::Page | Flush::All, _) => MACHINE.flush_local(control::invalidate_all),
        }
    }

    /// Runs `act` with the table, the place in it, and the way to it.
    pub(super) fn with<R>(
        &self,
        act: impl FnOnce(&TypeReference<Level>, EntryIndex, Reach<'_>) -> core::result::Result<R, Error>,
    ) -> Result<R> {
        let table = self.table.as_ref().ok_or(Status::General)?;
        act(table, self.index, self.reach()).map_err(|error| status(error, self.unfit))
    }

    fn reach(&self) -> Reach<'_> {
        match &self.route {
            Some((address, route)) => Reach::By(*address, route),
            None => Reach::Anywhere,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(table) = self.table.take() {
            memory().let_go(table);
        }
    }
}

/// The root that the caller's kernel runs on.
pub(super) fn root() -> Mfn {
    MachineAddress::new(local::current().guest.kernel_root.get()).frame()
}

fn status(error: Error, otherwise: Status) -> Status {
    match error {
        Error::Preempted => Status::Again,
        Error::Mismatch => Status::General,
        _ => otherwise,
    }
}
