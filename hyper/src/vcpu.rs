//! Virtual CPUs.

extern crate alloc;

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use ringwall_abi::vcpu::{Runstate, RunstateInfo};
use ringwall_abi::{Errno, GuestAddress, Mfn, PAGE_SIZE, VcpuId};
use ringwall_hw::cpu::local;
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::descriptors::{DescriptorWindow, GUEST_GDT_PAGES, LDT_PAGES};
use ringwall_hw::guest::fpu::FpuState;
use ringwall_hw::guest::selectors::DataSelectors;
use ringwall_hw::memory::frame_word;
use ringwall_model::account::Counters;
use ringwall_model::emulate::control::GuestCr4;
use ringwall_model::emulate::debug::DebugRegisters;
use ringwall_model::event::Virq;
use ringwall_model::memory::{Descriptor, Level, TypeReference, Unfinished, Writable};
use ringwall_model::sched::{CpuSet, VcpuSlot};
use ringwall_model::time::VcpuTimers;
use spin::Mutex;

use crate::domain::Domain;
use crate::event;
use crate::machine::memory;
use crate::schedule;

/// A handler that the guest registered.
#[derive(Clone, Copy, Default)]
pub(crate) struct Handler {
    /// Canonical; 0: none.
    pub(crate) address: u64,
    /// Upcalls are masked on entry.
    pub(crate) masks_events: bool,
    /// Lowest privilege that may raise the vector by `int`.
    pub(crate) dpl: u8,
}

/// What only the CPU that runs the virtual CPU, or the owner of a stopped one, looks at.
pub(crate) struct State {
    /// The registers, while it does not run.
    pub(crate) frame: GuestFrame,
    pub(crate) kernel_mode: bool,
    /// The roots that it runs on. Each in CR3 keeps its reference until the next write of CR3.
    pub(crate) kernel_root: Option<TypeReference<Level>>,
    pub(crate) user_root: Option<TypeReference<Level>>,
    pub(crate) kernel_stack: u64,
    pub(crate) syscall_target: u64,
    pub(crate) syscall_masks_events: bool,
    pub(crate) syscall32: Handler,
    pub(crate) event_callback: u64,
    pub(crate) failsafe_callback: u64,
    pub(crate) failsafe_masks_events: bool,
    pub(crate) nmi_callback: u64,
    pub(crate) traps: [Handler; 256],
    pub(crate) selectors: DataSelectors,
    pub(crate) fs_base: u64,
    pub(crate) gs_base: u64,
    pub(crate) other_gs_base: u64,
    pub(crate) window: DescriptorWindow,
    pub(crate) gdt: [Option<TypeReference<Descriptor>>; GUEST_GDT_PAGES],
    pub(crate) gdt_entries: u32,
    pub(crate) ldt: [Option<TypeReference<Descriptor>>; LDT_PAGES],
    pub(crate) ldt_entries: u32,
    pub(crate) fpu: FpuState,
    pub(crate) task_switched: bool,
    pub(crate) cr4: GuestCr4,
    pub(crate) debug: DebugRegisters,
    pub(crate) iopl: u8,
    pub(crate) tsc_aux: u32,
    /// Tables that are half taken down.
    pub(crate) unfinished: Unfinished,
    /// The registered `vcpu_info`, which it keeps writable.
    pub(crate) info_page: Option<TypeReference<Writable>>,
    pub(crate) runstate_area: Option<GuestAddress>,
    pub(crate) time_area: Option<GuestAddress>,
}

/// A virtual CPU.
pub(crate) struct Vcpu {
    id: VcpuId,
    domain: &'static Domain,
    /// Physical address of its `vcpu_info`.
    info: AtomicUsize,
    /// Lock order: after `DOMAINS`, before memory's locks. Its own CPU holds it in handlers.
    pub(crate) state: Mutex<State>,
    pub(crate) timers: Mutex<VcpuTimers>,
    pub(crate) runstates: Mutex<Runstates>,
    /// It was brought up and not taken down.
    pub(crate) up: AtomicBool,
    /// It waits for an event.
    pub(crate) blocked: AtomicBool,
    /// It waits in `SCHEDOP_poll`.
    pub(crate) polling: AtomicBool,
    /// When it stops waiting, in ns of system time; 0: never.
    pub(crate) poll_until: AtomicU64,
    /// A context was given to it.
    pub(crate) initialised: AtomicBool,
    /// The number of its place in the scheduler, or [`NOWHERE`].
    slot: AtomicU32,
    /// Where it may run, and where it had better.
    pub(crate) affinity: Mutex<Affinity>,
    /// What it did.
    pub(crate) counters: Counters,
}

/// In the scheduler it has no place.
const NOWHERE: u32 = u32::MAX;

/// Where a virtual CPU may run, as a toolstack has it.
#[derive(Clone, Copy)]
pub(crate) struct Affinity {
    pub(crate) hard: CpuSet,
    pub(crate) soft: CpuSet,
}

impl Affinity {
    const ANYWHERE: Self = Self {
        hard: CpuSet::ALL,
        soft: CpuSet::ALL,
    };
}

/// How long it was in which state.
pub(crate) struct Runstates {
    pub(crate) state: Runstate,
    pub(crate) since_ns: u64,
    pub(crate) total_ns: [u64; 4],
}

impl Runstates {
    /// Offline since a moment.
    fn new(now_ns: u64) -> Self {
        Self {
            state: Runstate::Offline,
            since_ns: now_ns,
            total_ns: [0; 4],
        }
    }

    /// Changes the state.
    pub(crate) fn enter(&mut self, state: Runstate, now_ns: u64) {
        if let Some(total) = self.total_ns.get_mut(self.state as usize) {
            *total += now_ns.saturating_sub(self.since_ns);
        }
        self.state = state;
        self.since_ns = now_ns;
    }

    /// What the guest is told, with the time in the present state up to `now_ns`.
    pub(crate) fn at(&self, now_ns: u64) -> RunstateInfo {
        let mut time = self.total_ns;
        if let Some(total) = time.get_mut(self.state as usize) {
            *total += now_ns.saturating_sub(self.since_ns);
        }
        let state = match self.state {
            Runstate::Running => 0,
            Runstate::Runnable => 1,
            Runstate::Blocked => 2,
            Runstate::Offline => 3,
        };
        RunstateInfo {
            state,
            state_entry_time: self.since_ns,
            time,
            ..Default::default()
        }
    }
}

impl State {
    /// The state of a virtual CPU that was not given any.
    ///
    /// # Errors
    /// `ENOMEM`.
    fn new() -> Result<Self, Errno> {
        Ok(Self {
            frame: GuestFrame::default(),
            kernel_mode: true,
            kernel_root: None,
            user_root: None,
            kernel_stack: 0,
            syscall_target: 0,
            syscall_masks_events: false,
            syscall32: Handler::default(),
            event_callback: 0,
            failsafe_callback: 0,
            failsafe_masks_events: false,
            nmi_callback: 0,
            traps: [Handler::default(); 256],
            selectors: DataSelectors::default(),
            fs_base: 0,
            gs_base: 0,
            other_gs_base: 0,
            window: DescriptorWindow::new().ok_or(Errno::ENOMEM)?,
            gdt: [const { None }; GUEST_GDT_PAGES],
            gdt_entries: 0,
            ldt: [const { None }; LDT_PAGES],
            ldt_entries: 0,
            fpu: FpuState::new().ok_or(Errno::ENOMEM)?,
            task_switched: false,
            cr4: GuestCr4::default(),
            debug: DebugRegisters::default(),
            iopl: 0,
            tsc_aux: 0,
            unfinished: Unfinished::new(),
            info_page: None,
            runstate_area: None,
            time_area: None,
        })
    }

    /// Has the exit path finish what is half taken down. Called after each operation on `unfinished`
    /// of the running virtual CPU: its guest believes that such a table is plain memory again.
    #[inline]
    pub(crate) fn note_unfinished(&self) {
        if !self.unfinished.is_empty() {
            let attention = &local::current().attention;
            attention.fetch_or(schedule::FINISH, Ordering::Relaxed);
        }
    }
}

impl Vcpu {
    /// A place for a virtual CPU of a domain, or of one after the other.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(crate) fn new(domain: &'static Domain, id: VcpuId) -> Result<Self, Errno> {
        Ok(Self {
            id,
            domain,
            info: AtomicUsize::new(0),
            state: Mutex::new(State::new()?),
            timers: Mutex::new(VcpuTimers::default()),
            runstates: Mutex::new(Runstates::new(0)),
            up: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            poll_until: AtomicU64::new(0),
            initialised: AtomicBool::new(false),
            slot: AtomicU32::new(NOWHERE),
            affinity: Mutex::new(Affinity::ANYWHERE),
            counters: Counters::default(),
        })
    }

    /// Becomes the new domain's: down, without a state. What the one before had of frames it has given
    /// back.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(crate) fn begin(&self, now_ns: u64) -> Result<(), Errno> {
        let state = State::new()?;
        *self.state.lock() = state;
        self.reset_info_address();
        *self.timers.lock() = VcpuTimers::default();
        *self.runstates.lock() = Runstates::new(now_ns);
        *self.affinity.lock() = Affinity::ANYWHERE;
        self.counters.reset();
        for flag in [&self.up, &self.blocked, &self.polling, &self.initialised] {
            flag.store(false, Ordering::SeqCst);
        }
        self.poll_until.store(0, Ordering::SeqCst);
        Ok(())
    }

    /// Puts `vcpu_info` where it is before a guest registers another place.
    pub(crate) fn reset_info_address(&self) {
        let offset = self.id.raw() as usize * size_of::<ringwall_abi::xen::VcpuInfo>();
        self.set_info_address(self.domain.shared_info(), offset);
    }

    /// Its place in the scheduler, if it has one.
    #[inline]
    pub(crate) fn slot(&self) -> Option<VcpuSlot> {
        match self.slot.load(Ordering::Acquire) {
            NOWHERE => None,
            number => Some(VcpuSlot::new(number)),
        }
    }

    /// Gives it a place in the scheduler, or none.
    pub(crate) fn set_slot(&self, slot: Option<VcpuSlot>) {
        let number = slot.and_then(|slot| u32::try_from(slot.index()).ok());
        self.slot
            .store(number.unwrap_or(NOWHERE), Ordering::Release);
    }

    /// When it has to be looked at next, in ns of system time. Its timers are locked by the caller.
    pub(crate) fn deadline_ns(&self, timers: &VcpuTimers) -> Option<u64> {
        let poll_ns = Some(self.poll_until.load(Ordering::Relaxed)).filter(|&until| until != 0);
        let watchdog_ns = match self.id.raw() {
            0 => self.domain.watchdogs().lock().deadline_ns(),
            _ => None,
        };
        let all = [
            timers.deadline_ns(self.hears_periods()),
            poll_ns,
            watchdog_ns,
        ];
        all.into_iter().flatten().min()
    }

    /// Whether its periodic timer goes: it runs, or may and would be told. Else there is nobody to hear it.
    fn hears_periods(&self) -> bool {
        let runs = self.runstates.lock().state == Runstate::Running;
        let may_run = || self.up.load(Ordering::Acquire) && self.domain.life().may_run();
        runs || (may_run() && event::is_news(self, Virq::TIMER))
    }

    /// Forgets when its poll ends, where that is past; whether it is.
    pub(crate) fn end_poll_by(&self, now_ns: u64) -> bool {
        let until = self.poll_until.load(Ordering::Relaxed);
        let ends = until != 0 && until <= now_ns;
        if ends {
            self.poll_until.store(0, Ordering::Relaxed);
        }
        ends
    }

    /// Goes on with tables that are half taken down. `false` where something else waits: the guest
    /// does not get to run before its interrupt, which comes back here.
    pub(crate) fn finish_tables(&self) -> bool {
        memory().finish(&mut self.state.lock().unfinished).is_ok()
    }

    pub(crate) fn id(&self) -> VcpuId {
        self.id
    }

    pub(crate) fn domain(&self) -> &'static Domain {
        self.domain
    }

    /// Whether it could run now.
    pub(crate) fn is_runnable(&self) -> bool {
        self.up.load(Ordering::Acquire)
            && !self.blocked.load(Ordering::Acquire)
            && self.domain.life().may_run()
    }

    /// Physical address of `vcpu_info`.
    pub(crate) fn info_address(&self) -> u64 {
        self.info.load(Ordering::Acquire) as u64
    }

    /// Moves `vcpu_info` to an aligned place in a frame.
    pub(crate) fn set_info_address(&self, mfn: Mfn, offset: usize) {
        self.info
            .store(physical_address(mfn, offset), Ordering::Release);
    }

    /// A word of `vcpu_info`: 0 pending and mask bytes, 1 selector, 2 cr2, 4..8 time.
    #[inline]
    pub(crate) fn info_word(&self, word: usize) -> Option<&'static AtomicU64> {
        let address = self.info.load(Ordering::Acquire) + 8 * word;
        frame_word(
            Mfn::new(address as u64 / PAGE_SIZE as u64),
            address % PAGE_SIZE / 8,
        )
    }

    /// Whether events are masked.
    #[inline]
    pub(crate) fn is_masked(&self) -> bool {
        self.info_word(0)
            .is_some_and(|word| word.load(Ordering::Relaxed) & MASK != 0)
    }

    /// Whether an event waits.
    #[inline]
    pub(crate) fn is_event_pending(&self) -> bool {
        self.info_word(0)
            .is_some_and(|word| word.load(Ordering::Relaxed) & PENDING != 0)
    }

    /// Masks or unmasks events.
    #[inline]
    pub(crate) fn set_masked(&self, masked: bool) {
        if let Some(word) = self.info_word(0) {
            if masked {
                word.fetch_or(1 << 8, Ordering::SeqCst);
            } else {
                word.fetch_and(!MASK, Ordering::SeqCst);
            }
        }
    }
}

/// `evtchn_upcall_pending` in word 0.
const PENDING: u64 = 0xff;
/// `evtchn_upcall_mask` in word 0.
const MASK: u64 = 0xff00;

/// The virtual CPU that runs on this CPU.
#[inline]
pub(crate) fn current() -> Option<&'static Vcpu> {
    local::current().current::<Vcpu>()
}

/// Where a byte of a frame is, as an atomic word of this machine holds it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a usize has the 64 bits of a physical address"
)]
fn physical_address(mfn: Mfn, offset: usize) -> usize {
    mfn.raw() as usize * PAGE_SIZE + offset
}
