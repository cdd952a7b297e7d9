//! Pins, and roots that a CPU has loaded.

use ringwall_abi::{DomainId, Mfn};

use super::entry::Level;
use super::error::Error;
use super::machine::{Machine, Memory};
use super::reference::TypeReference;
use super::table::Unfinished;
use super::tlb::Stale;

impl<M: Machine> Memory<'_, M> {
    /// Pins a table of `owner`: it stays one, whether anything refers to it or not.
    ///
    /// # Errors
    /// Those of [`get_table`](Self::get_table), and [`Error::Pinned`] if it is.
    #[doc(alias = "MMUEXT_PIN_L1_TABLE")]
    pub fn pin(
        self,
        mfn: Mfn,
        level: Level,
        owner: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<(), Error> {
        let table = self.get_table(mfn, level, owner, unfinished)?;
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        match frame.usage.pin() {
            Ok(()) => {
                // The pin owns the reference now.
                table.consume();
                Ok(())
            }
            Err(error) => {
                self.put_table(table, Stale::Flushed, unfinished);
                Err(error)
            }
        }
    }

    /// Takes a pin away. A table of `owner` that is not pinned but half validated, since the guest
    /// has not gone on with it, is taken down too. What is left of that when it is interrupted goes
    /// to `unfinished`: the pin is gone, and is not looked for again, since it could be another one
    /// by then.
    ///
    /// # Errors
    /// [`Error::NotOwned`], [`Error::NotPinned`]; [`Error::Preempted`]: run it again.
    #[doc(alias = "MMUEXT_UNPIN_TABLE")]
    pub fn unpin(
        self,
        mfn: Mfn,
        owner: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<(), Error> {
        self.finish(unfinished)?;
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        frame.hold(owner).ok_or(Error::NotOwned)?;
        let outcome = frame.usage.unpin().map(|half| match half {
            // A pin stands for no entry: it has left nothing in a TLB.
            None => self.release_table(mfn, frame, Stale::Flushed),
            Some(level) => self.dismantle_partial(mfn, frame, level),
        });
        if let Ok(Err(_)) = outcome {
            unfinished.note(mfn, owner, frame);
        }
        self.put(mfn, frame);
        outcome.map(|_| ())
    }

    /// Takes the reference that a root needs to be in a CR3, or to be a virtual CPU's for later.
    /// Keep it until [`release_root`](Self::release_root).
    ///
    /// # Errors
    /// Those of [`get_table`](Self::get_table).
    #[doc(alias = "MMUEXT_NEW_BASEPTR")]
    #[doc(alias = "MMUEXT_NEW_USER_BASEPTR")]
    pub fn get_root(
        self,
        mfn: Mfn,
        owner: DomainId,
        unfinished: &mut Unfinished,
    ) -> Result<TypeReference<Level>, Error> {
        self.get_table(mfn, Level::L4, owner, unfinished)
    }

    /// Gives the reference of a root back. **Each CPU that had it in CR3 has written CR3 since
    /// then**: a CPU walks the tables of the root that it has loaded, and keeps translations made by
    /// it until that write.
    pub fn release_root(self, root: TypeReference<Level>, unfinished: &mut Unfinished) {
        self.put_table(root, Stale::Flushed, unfinished);
    }
}
