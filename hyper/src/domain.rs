//! Domains.

extern crate alloc;

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hashbrown::HashMap;
use ringwall_abi::xen::SharedInfo;
use ringwall_abi::{DomainId, Errno, Mfn, VcpuId};
use ringwall_model::event::Ports;
use ringwall_model::memory::{DomainMemory, Shared, Sharing};
use spin::{Mutex, Once, RwLock};

use crate::hypercall::{GrantTable, MemoryMap};
use crate::machine::memory;
use crate::pool;
use crate::vcpu::Vcpu;

/// Most virtual CPUs of a domain.
pub(crate) const MAX_VCPUS: u32 = 32;
/// PIRQs of dom0: GSIs first, then MSIs.
pub(crate) const MAX_PIRQS: u32 = 256;

/// What a domain may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Power {
    /// Control of the machine and of the other domains.
    Privileged,
    /// Itself.
    #[expect(
        dead_code,
        reason = "the toolstack's interface, which makes such domains, comes next"
    )]
    Ordinary,
}

/// A domain. Lock order: `memory` before the pool's; `ports` has its own rules.
pub(crate) struct Domain {
    id: DomainId,
    power: Power,
    memory: Mutex<DomainMemory>,
    memory_map: MemoryMap,
    grants: GrantTable,
    ports: Ports,
    shared: Shared,
    vcpus: Once<Box<[&'static Vcpu]>>,
    assists: AtomicU64,
    ended: AtomicBool,
}

/// All domains. Lock order: first; held for look-ups and changes of the table alone.
static DOMAINS: RwLock<Option<HashMap<DomainId, &'static Domain>>> = RwLock::new(None);
/// dom0, which most look-ups are for.
static DOM0: Once<&'static Domain> = Once::new();

/// Finds a domain by its number.
pub(crate) fn find(id: DomainId) -> Option<&'static Domain> {
    if id == DomainId::DOM0 {
        return DOM0.get().copied();
    }
    DOMAINS.read().as_ref()?.get(&id).copied()
}

/// The domain with the lowest number that is `from` or above.
pub(crate) fn first_from(from: DomainId) -> Option<&'static Domain> {
    let domains = DOMAINS.read();
    let above = domains
        .as_ref()?
        .values()
        .filter(|domain| domain.id >= from);
    above.min_by_key(|domain| domain.id).copied()
}

impl Domain {
    /// Makes a domain without virtual CPUs or memory, and enters it in the table.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(crate) fn create(
        id: DomainId,
        power: Power,
        max_pages: u64,
    ) -> Result<&'static Self, Errno> {
        DOMAINS
            .write()
            .get_or_insert_default()
            .try_reserve(1)
            .map_err(|_| Errno::ENOMEM)?;
        let pirqs = if power == Power::Privileged {
            MAX_PIRQS
        } else {
            0
        };
        let block = pool::allocate_clean(0, 64)?;
        let shared = memory()
            .share(block, id, Sharing::Writable)
            .map_err(|(error, _)| error)?;
        let domain = pool::keep(Self {
            id,
            power,
            memory: Mutex::new(DomainMemory::new(id, max_pages)),
            memory_map: MemoryMap::default(),
            grants: GrantTable::new(id)?,
            ports: Ports::new(id, MAX_VCPUS, pirqs, ringwall_model::event::PORTS)?,
            shared,
            vcpus: Once::new(),
            assists: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        })?;
        if id == DomainId::DOM0 {
            DOM0.call_once(|| domain);
        }
        DOMAINS.write().get_or_insert_default().insert(id, domain);
        Ok(domain)
    }

    pub(crate) fn id(&self) -> DomainId {
        self.id
    }

    pub(crate) fn is_privileged(&self) -> bool {
        self.power == Power::Privileged
    }

    pub(crate) fn memory(&self) -> &Mutex<DomainMemory> {
        &self.memory
    }

    /// The memory map that it is told of.
    pub(crate) fn memory_map(&self) -> &MemoryMap {
        &self.memory_map
    }

    /// What it grants, and what it has mapped of others' grants.
    pub(crate) fn grants(&self) -> &GrantTable {
        &self.grants
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The frame of `shared_info`.
    pub(crate) fn shared_info(&self) -> Mfn {
        self.shared.mfn()
    }

    /// Gives the domain its virtual CPUs, once.
    pub(crate) fn set_vcpus(&self, vcpus: Box<[&'static Vcpu]>) {
        self.vcpus.call_once(|| vcpus);
    }

    pub(crate) fn vcpus(&self) -> &[&'static Vcpu] {
        self.vcpus.get().map_or(&[], |vcpus| vcpus)
    }

    pub(crate) fn vcpu(&self, id: VcpuId) -> Option<&'static Vcpu> {
        self.vcpus().get(usize::try_from(id.raw()).ok()?).copied()
    }

    /// The `VMASST_TYPE_*` bits that are on.
    pub(crate) fn assists(&self) -> &AtomicU64 {
        &self.assists
    }

    /// Marks the domain as ended; `true` for the first time.
    pub(crate) fn set_ended(&self) -> bool {
        !self.ended.swap(true, Ordering::AcqRel)
    }

    /// Whether it crashed or asked to be ended: none of its virtual CPUs comes up again.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// A word of `shared_info` at an offset in bytes, which a constant of [`SharedInfo`] gives.
    pub(crate) fn shared_word(&self, offset: usize) -> Option<&'static AtomicU64> {
        debug_assert!(offset < size_of::<SharedInfo>());
        ringwall_hw::memory::frame_word(self.shared_info(), offset / 8)
    }
}
