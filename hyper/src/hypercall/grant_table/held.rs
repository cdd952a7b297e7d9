//! References on frames that are being worked with.

use ringwall_abi::{DomainId, Mfn};
use ringwall_model::grant::{Access, Acquired, GrantRef, Status, Uses};
use ringwall_model::memory::{self as model, Granted, Stale};

use super::entries::Entries;
use crate::domain::{self, Domain};
use crate::hypercall::Call;
use crate::machine::memory;

/// A reference on a frame. Dropped, it is given back: nothing was mapped by it.
pub(super) struct Held(Option<Granted>);

impl Held {
    /// Takes a reference on a frame of `owner`.
    ///
    /// # Errors
    /// [`Status::BadPage`] where the frame is not the owner's, or may not be written;
    /// [`Status::Again`] where another CPU is at work on it.
    pub(super) fn new(mfn: Mfn, owner: DomainId, access: Access) -> Result<Self, Status> {
        let granted = match access {
            Access::ReadOnly => memory().get_page(mfn, owner).map(Granted::ReadOnly),
            Access::ReadWrite => memory().get_writable(mfn, owner).map(Granted::Writable),
        };
        match granted {
            Ok(granted) => Ok(Self(Some(granted))),
            Err(model::Error::Preempted) => Err(Status::Again),
            Err(_) => Err(Status::BadPage),
        }
    }

    /// Keeps the reference.
    pub(super) fn keep(mut self) -> Option<Granted> {
        self.0.take()
    }
}

impl From<Granted> for Held {
    fn from(granted: Granted) -> Self {
        Self(Some(granted))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(granted) = self.0.take() {
            memory().put_granted(granted, Stale::Flushed);
        }
    }
}

/// The domain that grants something to the caller, perhaps the caller itself.
pub(super) fn granter_named(call: &Call<'_>, id: DomainId) -> Result<&'static Domain, Status> {
    if id == DomainId::SELF {
        return Ok(call.domain());
    }
    domain::find(id).ok_or(Status::BadDomain)
}

/// Takes an entry of a granter's table into use.
pub(super) fn acquire(
    granter: &'static Domain,
    reference: GrantRef,
    who: DomainId,
    access: Access,
    uses: Uses,
) -> Result<Acquired<'static, Entries>, Status> {
    granter
        .grants()
        .grants
        .acquire(&Entries, reference, who, access, uses)
}
