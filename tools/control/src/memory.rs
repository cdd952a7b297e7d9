//! Domains' memory: how much there is, and putting frames behind frame numbers.

use ringwall_abi::domctl::{DomctlOp, GetPageFrameInfo3, MaxMem};
use ringwall_abi::memory::{
    E820Entry, E820Type, ForeignMemoryMap, MemoryDomain, MemoryMap, MemoryOp, MemoryReservation,
};
use ringwall_abi::xen::{MmuExtCommand, MmuextOp};
use ringwall_abi::{DomainId, Errno, Hypercall, Mfn, PAGE_SIZE, Pfn};
use zerocopy::FromZeros as _;

use crate::{Hypervisor, Result};

const KIB_PER_PAGE: u64 = PAGE_SIZE as u64 / 1024;
/// Frames that `getpageframeinfo3` takes at a time.
const TYPES_AT_ONCE: usize = 1024;

/// What came of [`Hypervisor::populate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Populated {
    /// The first machine frame of each extent, in the order of the list. It is shorter than what was asked for
    /// where memory, or memory in such extents, ran out.
    pub frames: Vec<Mfn>,
}

impl Hypervisor {
    /// Sets how many pages a domain may have. It keeps those that it has above.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain.
    #[doc(alias = "XEN_DOMCTL_max_mem")]
    pub fn set_max_pages(&self, domain: DomainId, pages: u64) -> Result<()> {
        let body = MaxMem {
            max_memkb: pages.saturating_mul(KIB_PER_PAGE),
        };
        self.domctl(DomctlOp::MaxMem, domain, body).map(drop)
    }

    /// Tells a domain that its memory may grow to so many pages from address 0 on. Linux prepares for no more than
    /// that at its start.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `ENOMEM`.
    #[doc(alias = "XENMEM_set_memory_map")]
    pub fn set_memory_map(&self, domain: DomainId, pages: u64) -> Result<()> {
        let mut call = self.call();
        let entry = call.put(&E820Entry {
            address: 0,
            size: pages.saturating_mul(PAGE_SIZE as u64),
            kind: E820Type::Ram.number(),
        })?;
        let place = call.put(&ForeignMemoryMap {
            domid: domain,
            map: MemoryMap {
                nr_entries: 1,
                buffer: entry.address(),
                ..MemoryMap::new_zeroed()
            },
            ..ForeignMemoryMap::new_zeroed()
        })?;
        let op = MemoryOp::SetMemoryMap;
        let arguments = [op.number().into(), place.address().raw(), 0, 0, 0];
        call.make(op.header_name(), Hypercall::MemoryOp, arguments)
            .map_err(|error| error.of(domain))?;
        Ok(())
    }

    /// The highest frame number that a domain uses, as it says itself.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain.
    #[doc(alias = "XENMEM_maximum_gpfn")]
    pub fn maximum_pfn(&self, domain: DomainId) -> Result<Pfn> {
        let mut call = self.call();
        let place = call.put(&MemoryDomain { domid: domain })?;
        let op = MemoryOp::MaximumGpfn;
        let arguments = [op.number().into(), place.address().raw(), 0, 0, 0];
        let frame = call
            .make(op.header_name(), Hypercall::MemoryOp, arguments)
            .map_err(|error| error.of(domain))?;
        Ok(Pfn::new(frame))
    }

    /// Puts memory behind frame numbers of a domain: extents of `1 << order` frames each, at `extents`.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain. That memory ran out is no error: [`Populated`] is shorter.
    #[doc(alias = "XENMEM_populate_physmap")]
    pub fn populate(&self, domain: DomainId, order: u32, extents: &[Pfn]) -> Result<Populated> {
        let op = MemoryOp::PopulatePhysmap;
        let mut frames = Vec::with_capacity(extents.len());
        let mut rest = extents;
        while !rest.is_empty() {
            let mut call = self.call();
            let room = (call.room() - size_of::<MemoryReservation>() * 2) / size_of::<Pfn>();
            let (now, later) = rest.split_at(rest.len().min(room));
            let list = call.put(now)?;
            let reservation = call.put(&MemoryReservation {
                extent_start: list.address(),
                nr_extents: now.len() as u64,
                extent_order: order,
                domid: domain,
                ..MemoryReservation::new_zeroed()
            })?;
            let arguments = [op.number().into(), reservation.address().raw(), 0, 0, 0];
            let done = match call.make(op.header_name(), Hypercall::MemoryOp, arguments) {
                Ok(done) => usize::try_from(done).unwrap_or(0).min(now.len()),
                // An extent so large that nobody has it is one that is not there.
                Err(error) if error.is(Errno::EINVAL) && order > 0 => 0,
                Err(error) => return Err(error.of(domain)),
            };
            let (records, _) = call.bytes(list).as_chunks::<{ size_of::<Mfn>() }>();
            frames.extend(
                records
                    .iter()
                    .take(done)
                    .map(|bytes| Mfn::new(u64::from_ne_bytes(*bytes))),
            );
            if done < now.len() {
                break;
            }
            rest = later;
        }
        Ok(Populated { frames })
    }

    /// Types a frame of a domain as a root table, with all below it, and keeps it so until it is unpinned.
    ///
    /// # Errors
    /// `EINVAL`: it is no valid table, or the frame is not the domain's.
    #[doc(alias = "MMUEXT_PIN_L4_TABLE")]
    pub fn pin_root_table(&self, domain: DomainId, root: Mfn) -> Result<()> {
        let command = MmuExtCommand::PinL4Table;
        let mut call = self.call();
        let place = call.put(&MmuextOp::new(command, root.raw(), 0))?;
        let arguments = [place.address().raw(), 1, 0, domain.raw().into(), 0];
        call.make(command.header_name(), Hypercall::MmuextOp, arguments)
            .map_err(|error| error.of(domain))?;
        Ok(())
    }

    /// What frames of a domain are: each a [`PageFrameType`](ringwall_abi::domctl::PageFrameType) in its high
    /// bits.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain.
    #[doc(alias = "XEN_DOMCTL_getpageframeinfo3")]
    pub fn frame_types(&self, domain: DomainId, frames: &[Mfn]) -> Result<Vec<u32>> {
        let mut types = Vec::with_capacity(frames.len());
        for part in frames.chunks(TYPES_AT_ONCE) {
            let mut call = self.call();
            let place = call.put(part)?;
            let body = GetPageFrameInfo3 {
                num: part.len() as u64,
                array: place.address(),
            };
            call.domctl(DomctlOp::GetPageFrameInfo3, domain, body)?;
            let (records, _) = call.bytes(place).as_chunks::<8>();
            types.extend(
                records
                    .iter()
                    .map(|&[a, b, c, d, ..]| u32::from_ne_bytes([a, b, c, d])),
            );
        }
        Ok(types)
    }
}
