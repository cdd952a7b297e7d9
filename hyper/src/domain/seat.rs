//! A domain, in its seat.

use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use ringwall_abi::xen::{DomainHandle, SharedInfo};
use ringwall_abi::{DomainId, Errno, Mfn, VcpuId};
use ringwall_model::domain::{Life, Limits, MAX_VCPUS, Watchdogs};
use ringwall_model::event::{PORTS, Ports};
use ringwall_model::memory::{DomainMemory, Shared};
use ringwall_model::sched::GroupSlot;
use spin::{Mutex, Once};

use crate::hypercall::{GrantTable, MemoryMap};
use crate::vcpu::Vcpu;

/// PIRQs of dom0: GSIs first, then MSIs.
pub(crate) const MAX_PIRQS: u32 = 256;

/// What a domain may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Power {
    /// Control of the machine and of the other domains.
    Privileged,
    /// Itself.
    Ordinary,
}

/// What a toolstack has set, and what nothing on a hot path looks at.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) handle: DomainHandle,
    /// Its wall clock is so many seconds ahead of the machine's.
    pub(crate) time_offset_s: i64,
    /// How often it was restored, as its toolstack counts.
    pub(crate) incarnation: u32,
    /// When it was made, in ns of system time.
    pub(crate) created_ns: u64,
    /// The port that hears of its suspension; 0 for none.
    pub(crate) suspend_port: u32,
    /// Its share of the CPUs.
    pub(crate) group: Option<GroupSlot>,
}

/// A domain. Lock order: `ARCHITECTURE.md`.
pub(crate) struct Domain {
    id: AtomicU16,
    power: Power,
    life: Life,
    memory: Mutex<DomainMemory>,
    memory_map: MemoryMap,
    grants: GrantTable,
    ports: Ports,
    /// The frame of `shared_info`, by its number for the hot paths.
    shared_info: AtomicU64,
    pub(super) shared: Mutex<Option<Shared>>,
    vcpus: [Once<&'static Vcpu>; MAX_VCPUS as usize],
    /// How many of them the domain has.
    vcpu_count: AtomicU32,
    assists: AtomicU64,
    /// Lock order: after a virtual CPU's `timers`; a leaf.
    watchdogs: Mutex<Watchdogs>,
    /// Lock order: a leaf.
    settings: Mutex<Settings>,
}

impl Domain {
    /// A seat without a domain.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn vacant(power: Power) -> Result<Self, Errno> {
        let id = DomainId::INVALID;
        let pirqs = match power {
            Power::Privileged => MAX_PIRQS,
            Power::Ordinary => 0,
        };
        Ok(Self {
            id: AtomicU16::new(id.raw()),
            power,
            life: Life::new(),
            memory: Mutex::new(DomainMemory::new(id, 0)),
            memory_map: MemoryMap::default(),
            grants: GrantTable::new(),
            ports: Ports::new(id, MAX_VCPUS, pirqs, PORTS)?,
            shared_info: AtomicU64::new(0),
            shared: Mutex::new(None),
            vcpus: [const { Once::new() }; MAX_VCPUS as usize],
            vcpu_count: AtomicU32::new(0),
            assists: AtomicU64::new(0),
            watchdogs: Mutex::new(Watchdogs::new()),
            settings: Mutex::new(Settings::new(Limits::privileged(0))),
        })
    }

    /// Gives the seat to a domain that nobody can find yet.
    pub(super) fn begin(&self, id: DomainId, settings: Settings, shared: Shared, max_pages: u64) {
        let limits = settings.limits;
        self.id.store(id.raw(), Ordering::Relaxed);
        *self.memory.lock() = DomainMemory::new(id, max_pages);
        self.memory_map.clear();
        self.grants.begin(&limits);
        self.ports.begin(id, limits.ports);
        self.shared_info
            .store(shared.mfn().raw(), Ordering::Relaxed);
        *self.shared.lock() = Some(shared);
        self.vcpu_count.store(0, Ordering::Relaxed);
        self.assists.store(0, Ordering::Relaxed);
        *self.watchdogs.lock() = Watchdogs::new();
        *self.settings.lock() = settings;
        self.life.begin();
    }

    #[inline]
    pub(crate) fn id(&self) -> DomainId {
        DomainId::new(self.id.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn is_privileged(&self) -> bool {
        self.power == Power::Privileged
    }

    /// Whether it may run, and how far its end is.
    #[inline]
    pub(crate) fn life(&self) -> &Life {
        &self.life
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

    #[inline]
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The frame of `shared_info`.
    #[inline]
    pub(crate) fn shared_info(&self) -> Mfn {
        Mfn::new(self.shared_info.load(Ordering::Relaxed))
    }

    /// A look at what a toolstack has set, or a change of it.
    pub(crate) fn settings<R>(&self, act: impl FnOnce(&mut Settings) -> R) -> R {
        act(&mut self.settings.lock())
    }

    /// The place of a virtual CPU, with one that is made if there was none; the domain has it once
    /// [`Self::set_vcpu_count`] says so.
    pub(super) fn vcpu_seat(&'static self, id: VcpuId) -> Result<&'static Vcpu, Errno> {
        let index = usize::try_from(id.raw()).map_err(|_| Errno::EINVAL)?;
        let seat = self.vcpus.get(index).ok_or(Errno::EINVAL)?;
        let make = || Vcpu::new(self, id).and_then(crate::pool::keep);
        seat.try_call_once(make).copied()
    }

    pub(super) fn set_vcpu_count(&self, count: u32) {
        self.vcpu_count.store(count, Ordering::Release);
    }

    /// Its virtual CPUs, by their numbers.
    pub(crate) fn vcpus(&self) -> impl Iterator<Item = &'static Vcpu> {
        let count = self.vcpu_count.load(Ordering::Acquire) as usize;
        self.vcpus.iter().take(count).filter_map(Once::get).copied()
    }

    /// How many virtual CPUs it has.
    pub(crate) fn vcpu_count(&self) -> u32 {
        self.vcpu_count.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn vcpu(&self, id: VcpuId) -> Option<&'static Vcpu> {
        if id.raw() >= self.vcpu_count.load(Ordering::Acquire) {
            return None;
        }
        self.vcpus.get(id.raw() as usize)?.get().copied()
    }

    /// The `VMASST_TYPE_*` bits that are on.
    pub(crate) fn assists(&self) -> &AtomicU64 {
        &self.assists
    }

    /// What ends it where it does not speak up.
    pub(crate) fn watchdogs(&self) -> &Mutex<Watchdogs> {
        &self.watchdogs
    }

    /// A word of `shared_info` at an offset in bytes, which a constant of [`SharedInfo`] gives.
    #[inline]
    pub(crate) fn shared_word(&self, offset: usize) -> Option<&'static AtomicU64> {
        debug_assert!(offset < size_of::<SharedInfo>());
        ringwall_hw::memory::frame_word(self.shared_info(), offset / 8)
    }
}

impl Settings {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            handle: DomainHandle::default(),
            time_offset_s: 0,
            incarnation: 0,
            created_ns: 0,
            suspend_port: 0,
            group: None,
        }
    }
}
