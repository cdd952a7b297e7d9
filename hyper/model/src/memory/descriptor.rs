//! Segment descriptors.

use ringwall_abi::{DomainId, Mfn};

use super::entry::{Entry, EntryAddress, EntryIndex};
use super::error::Error;
use super::kind::Kind;
use super::machine::{Machine, Memory};
use super::reference::{Descriptor, TypeReference};
use super::tlb::Stale;
use super::usage::Acquired;

/// The most privileged ring in which a guest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ring {
    /// Guest kernels run in ring 1.
    One,
    /// Everything of a guest runs in ring 3.
    Three,
}

const PRESENT: u64 = 1 << 47;
const PRIVILEGE_SHIFT: u32 = 45;
const PRIVILEGE: u64 = 3 << PRIVILEGE_SHIFT;
/// Code or data; without it a gate, or a system segment.
const SEGMENT: u64 = 1 << 44;
const CODE: u64 = 1 << 43;
const CONFORMING: u64 = 1 << 42;
const ACCESSED: u64 = 1 << 40;
const LONG: u64 = 1 << 53;
const DEFAULT_32: u64 = 1 << 54;

/// A descriptor as a guest may have it in its GDT or LDT.
///
/// One that is not present may be anything, as the CPU refuses to load it. A present one is code
/// or data, never a gate or a system segment. Its privilege is lowered to the guest's ring where it
/// is higher (Linux writes its kernel segments with ring 0), and it counts as accessed, so that the
/// CPU never has to write it.
///
/// Bases and limits need no check: in 64-bit mode they are not used, or are the guest's to choose
/// (FS, GS), and 32-bit code reaches no address past 4 GiB.
///
/// # Errors
/// [`Error::BadDescriptor`]: a gate or a system segment, conforming code (it would run at the
/// caller's privilege), or code that is both 64-bit and 32-bit (SDM vol. 3A, 5.2.1).
pub const fn check_descriptor(raw: u64, ring: Ring) -> Result<u64, Error> {
    if raw & PRESENT == 0 {
        return Ok(raw);
    }
    if raw & SEGMENT == 0 {
        return Err(Error::BadDescriptor);
    }
    let is_code = raw & CODE != 0;
    if is_code && raw & CONFORMING != 0 {
        return Err(Error::BadDescriptor);
    }
    if is_code && raw & LONG != 0 && raw & DEFAULT_32 != 0 {
        return Err(Error::BadDescriptor);
    }
    let lowest = match ring {
        Ring::One => 1,
        Ring::Three => 3,
    };
    let privilege = (raw & PRIVILEGE) >> PRIVILEGE_SHIFT;
    let privilege = if privilege < lowest {
        lowest
    } else {
        privilege
    };
    Ok(raw & !PRIVILEGE | privilege << PRIVILEGE_SHIFT | ACCESSED)
}

impl<M: Machine> Memory<'_, M> {
    /// Takes a reference to a page of `owner` that is to be part of a GDT or LDT. The first one
    /// checks all of the page, and lowers the privilege of what is in it.
    ///
    /// # Errors
    /// [`Error::NotOwned`], [`Error::TypeConflict`], [`Error::Overflow`]; [`Error::BadDescriptor`]:
    /// the page stays what it was, apart from descriptors that were lowered; [`Error::Preempted`]
    /// while another CPU checks it.
    #[doc(alias = "set_gdt")]
    pub fn get_descriptor_page(
        self,
        mfn: Mfn,
        owner: DomainId,
        ring: Ring,
    ) -> Result<TypeReference<Descriptor>, Error> {
        let frame = self.0.frame(mfn).ok_or(Error::NotOwned)?;
        frame.get(owner)?;
        let outcome = match frame.usage.acquire(self.0, Kind::Descriptor) {
            Ok(Acquired::Held) => Ok(()),
            // It is never partial: 512 descriptors are looked at in one go.
            Ok(Acquired::First | Acquired::Resumed) => {
                let outcome = self.check_descriptors(mfn, ring);
                match outcome {
                    Ok(()) => frame.usage.publish(),
                    Err(_) => frame.usage.end(),
                }
                outcome
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => Ok(TypeReference::forge(mfn, Descriptor)),
            Err(error) => {
                self.put(mfn, frame);
                Err(error)
            }
        }
    }

    /// Gives the reference back. [`Stale::Now`] where the hypervisor's view of the page may still
    /// be in a TLB.
    pub fn put_descriptor_page(self, page: TypeReference<Descriptor>, stale: Stale) {
        let mfn = page.consume();
        if let Some(frame) = self.0.frame(mfn) {
            let _ = frame.usage.release(self.0, stale);
            self.put(mfn, frame);
        }
    }

    /// Writes a descriptor in a page of `owner`, which is a page of descriptors, or one that may be
    /// written.
    ///
    /// # Errors
    /// [`Error::BadDescriptor`]; those of [`get_writable`](Self::get_writable) for other pages.
    pub fn update_descriptor(
        self,
        place: EntryAddress,
        raw: u64,
        owner: DomainId,
        ring: Ring,
    ) -> Result<(), Error> {
        let raw = check_descriptor(raw, ring)?;
        let frame = self.0.frame(place.table).ok_or(Error::NotOwned)?;
        frame.get(owner)?;
        let held = match frame.usage.acquire_valid(Kind::Descriptor) {
            Err(Error::TypeConflict) => frame.usage.acquire(self.0, Kind::Writable).map(|_| ()),
            outcome => outcome,
        };
        if held.is_ok() {
            self.0.swap_entry(place.table, place.index, Entry::new(raw));
            let _ = frame.usage.release(self.0, Stale::Flushed);
        }
        self.put(place.table, frame);
        held
    }

    fn check_descriptors(self, mfn: Mfn, ring: Ring) -> Result<(), Error> {
        for index in EntryIndex::all() {
            let raw = self.0.read_entry(mfn, index).raw();
            let checked = check_descriptor(raw, ring)?;
            if checked != raw {
                self.0.swap_entry(mfn, index, Entry::new(checked));
            }
        }
        Ok(())
    }
}
