//! A granter's table in an array.

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use ringwall_abi::{DomainId, MachineAddress, Mfn};

use crate::grant::shared::{DOMID_SHIFT, GTF_PERMIT_ACCESS, GTF_READING, GTF_WRITING};
use crate::grant::{
    Access, GrantRef, Grants, HostAddress, Mapping, Place, REFS_PER_FRAME, SharedMemory, Status,
};

pub(super) const MAPPER: DomainId = DomainId::new(7);
pub(super) const OTHER: DomainId = DomainId::new(8);
/// The first frame of the table.
pub(super) const TABLE: u64 = 0x1000;

/// Two frames of entries: header and frame number.
pub(super) struct Memory {
    entries: Vec<[AtomicU32; 2]>,
    /// How many of the next exchanges fail, as if the granter wrote in between.
    pub(super) unstable: AtomicUsize,
}

impl Memory {
    pub(super) fn new() -> Self {
        let entries = (0..2 * REFS_PER_FRAME)
            .map(|_| [const { AtomicU32::new(0) }; 2])
            .collect();
        Self {
            entries,
            unstable: AtomicUsize::new(0),
        }
    }

    /// The granter's part (`public/grant_table.h`, "Introducing a valid entry").
    pub(super) fn grant(&self, reference: GrantRef, to: DomainId, frame: u32, flags: u32) {
        let [header, number] = &self.entries[reference.raw() as usize];
        number.store(frame, Ordering::Relaxed);
        let value = u32::from(to.raw()) << DOMID_SHIFT | flags | GTF_PERMIT_ACCESS;
        header.store(value, Ordering::Release);
    }

    /// "Invalidating an unused entry": whether it could be.
    pub(super) fn revoke(&self, reference: GrantRef) -> bool {
        let header = &self.entries[reference.raw() as usize][0];
        let seen = header.load(Ordering::SeqCst);
        seen & (GTF_READING | GTF_WRITING) == 0
            && header
                .compare_exchange(seen, 0, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    pub(super) fn raw(&self, reference: GrantRef) -> &[AtomicU32; 2] {
        &self.entries[reference.raw() as usize]
    }

    /// What the granter reads of the entry's use.
    pub(super) fn status(&self, reference: GrantRef) -> u32 {
        self.raw(reference)[0].load(Ordering::SeqCst) & (GTF_READING | GTF_WRITING)
    }

    fn entry(&self, place: Place) -> &[AtomicU32; 2] {
        let frame = usize::try_from(place.frame.raw() - TABLE).expect("a frame of the table");
        &self.entries[frame * REFS_PER_FRAME + place.index]
    }
}

impl SharedMemory for Memory {
    fn header(&self, place: Place) -> u32 {
        self.entry(place)[0].load(Ordering::Acquire)
    }
    fn compare_exchange_header(&self, place: Place, current: u32, new: u32) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        if self
            .unstable
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
        {
            return false;
        }
        let header = &self.entry(place)[0];
        header
            .compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }
    fn clear_header(&self, place: Place, bits: u32) {
        self.entry(place)[0].fetch_and(!bits, Ordering::SeqCst);
    }
    fn frame(&self, place: Place) -> u32 {
        self.entry(place)[1].load(Ordering::Relaxed)
    }
}

/// A table of `frames` frames out of 2.
pub(super) fn grants(frames: u32) -> Grants {
    let grants = Grants::new(2);
    let mut next = TABLE;
    grants.grow(frames, || Ok(take(&mut next))).expect("frames");
    grants
}

pub(super) fn take(next: &mut u64) -> Mfn {
    *next += 1;
    Mfn::new(*next - 1)
}

pub(super) fn mapping() -> Mapping {
    Mapping {
        granter: DomainId::new(3),
        reference: GrantRef::new(5),
        frame: Mfn::new(0x77),
        access: Access::ReadWrite,
        host: Some(HostAddress::Entry(MachineAddress::new(0x5008))),
        device: true,
    }
}

pub(super) fn general<T>(result: Result<T, Status>) -> bool {
    matches!(result, Err(Status::General))
}
