//! The hypervisor's own frames that a guest may map.

use ringwall_abi::{DomainId, Mfn};

use super::domain::CleanBlock;
use super::error::Error;
use super::kind::Kind;
use super::machine::{Machine, Memory};
use super::tlb::Stale;

/// What a guest may do with a shared frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Map it for reading.
    ReadOnly,
    /// Map it for writing: `shared_info`, grant tables.
    Writable,
}

/// A frame of the hypervisor that a domain may map, and never free, or use as a table.
#[derive(Debug)]
#[must_use = "a shared frame that is dropped is lost"]
pub struct Shared {
    mfn: Mfn,
}

impl Shared {
    /// The frame.
    #[must_use]
    pub const fn mfn(&self) -> Mfn {
        self.mfn
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Lets a domain map a frame. It is not on the domain's accounts, and the type reference that
    /// the hypervisor keeps fixes its use.
    ///
    /// # Errors
    /// [`Error::NoMemory`] for a block of more than one frame; the block comes back.
    pub fn share(
        self,
        block: CleanBlock,
        domain: DomainId,
        sharing: Sharing,
    ) -> Result<Shared, (Error, CleanBlock)> {
        let mfn = block.mfn();
        let Some(frame) = self.0.frame(mfn) else {
            return Err((Error::NoMemory, block));
        };
        let block = block.into_block();
        if block.order() != 0 {
            return Err((Error::NoMemory, CleanBlock::from_clean(block)));
        }
        let kind = match sharing {
            Sharing::ReadOnly => Kind::Shared,
            Sharing::Writable => Kind::Writable,
        };
        // The use is fixed before the domain can take a reference.
        let _ = frame.usage.acquire(self.0, kind);
        frame.lend(domain);
        Ok(Shared { mfn })
    }

    /// Whether nobody maps a shared frame: the hypervisor's own reference is the only one.
    #[must_use]
    pub fn is_unmapped(self, shared: &Shared) -> bool {
        self.0
            .frame(shared.mfn)
            .is_none_or(|frame| frame.references() <= 1)
    }

    /// Stops sharing. The frame is freed when the domain's last mapping of it is gone, which is
    /// now if there is none. Until then nobody else gets it.
    pub fn unshare(self, shared: Shared) {
        if let Some(frame) = self.0.frame(shared.mfn) {
            let _ = frame.usage.release(self.0, Stale::Now);
            self.put(shared.mfn, frame);
        }
    }
}
