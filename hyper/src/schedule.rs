//! Which virtual CPU runs, and what waits for time to pass.

extern crate alloc;

use alloc::vec::Vec;
use core::mem::offset_of;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ringwall_abi::sched::ShutdownReason;
use ringwall_abi::vcpu::{Runstate, RunstateInfo};
use ringwall_abi::xen::VmAssistType;
use ringwall_hw::cpu::local;
use ringwall_hw::cpu::{IO_BITMAP_GUEST, IO_BITMAP_NONE, control, fixed_cr4, msr};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::{mode, selectors::DataSelectors};
use ringwall_hw::irq::wait;
use ringwall_hw::memory::guest;
use ringwall_model::event::Virq;
use ringwall_model::memory::Machine as _;
use ringwall_model::sched::{
    CpuId, CpuSet, Error, GroupSlot, Kick, Parameters, Scheduler, VcpuSlot,
};
use ringwall_model::time::Heap;
use spin::{Mutex, Once};

use crate::machine::MACHINE;
use crate::vcpu::{self, Vcpu};
use crate::{clock, domain, event, irq, trap};

/// The exit path has to pick again.
pub(crate) const RESCHEDULE: u32 = 1 << 0;
/// The exit path has to go on taking down the running virtual CPU's tables.
pub(crate) const FINISH: u32 = 1 << 1;

/// What may stop a list of operations before its end.
pub(crate) struct Watch(&'static AtomicU32);

impl Watch {
    /// For a list that runs on this CPU.
    #[inline]
    pub(crate) fn new() -> Self {
        Self(&local::current().attention)
    }

    /// Whether the list has to stop here: something else waits for this CPU (asked every `batch`
    /// entries), or the next entry may be about a table that is half taken down.
    #[inline]
    pub(crate) fn must_stop(&self, done: u64, batch: u64) -> bool {
        done != 0
            && (self.0.load(Ordering::Relaxed) & FINISH != 0
                || done.is_multiple_of(batch) && MACHINE.should_preempt())
    }
}

/// Why a domain ends whose watchdog has run out.
const WATCHDOG: u8 = 4;
const _: () = assert!(ShutdownReason::Watchdog as u32 == WATCHDOG as u32);

/// Most virtual CPUs of all domains together.
const MAX_VCPUS: u32 = 1024;
/// Most domains.
const MAX_GROUPS: u32 = 256;
/// This CPU, of which there is one.
fn this_cpu() -> CpuId {
    CpuId::new(local::current().index.get())
}

static SCHEDULER: Once<Scheduler> = Once::new();
/// How long the CPU had nobody to run, in ns.
static IDLE_NS: AtomicU64 = AtomicU64::new(0);
/// Deadlines by the virtual CPU's slot. Lock order: after a virtual CPU's `timers`; a leaf.
static TIMERS: Mutex<Option<Heap>> = Mutex::new(None);
/// When the scheduler wants to be asked again. Lock order: a leaf.
static PICK_AT: Mutex<Option<u64>> = Mutex::new(None);
static VCPUS: spin::RwLock<Vec<Option<&'static Vcpu>>> = spin::RwLock::new(Vec::new());

/// Takes the memory that scheduling needs.
pub(crate) fn init() -> Result<(), &'static str> {
    const NO_MEMORY: &str = "no memory for the scheduler";
    let scheduler = Scheduler::new(1, MAX_VCPUS, MAX_GROUPS).map_err(|_| NO_MEMORY)?;
    SCHEDULER.call_once(|| scheduler);
    // A place for every slot: none is made later, when the heap may be empty.
    let mut vcpus = VCPUS.write();
    vcpus
        .try_reserve_exact(MAX_VCPUS as usize)
        .map_err(|_| NO_MEMORY)?;
    vcpus.resize(MAX_VCPUS as usize, None);
    drop(vcpus);
    *TIMERS.lock() = Some(Heap::new(MAX_VCPUS).map_err(|_| NO_MEMORY)?);
    Ok(())
}

/// A group of virtual CPUs for a new domain.
pub(crate) fn add_group() -> Option<GroupSlot> {
    SCHEDULER.get()?.add_group(Parameters::default()).ok()
}

/// Ends a group, whose virtual CPUs are gone.
pub(crate) fn remove_group(group: GroupSlot) {
    let _ = SCHEDULER
        .get()
        .map(|scheduler| scheduler.remove_group(group));
}

/// How long the CPU had nobody to run, in ns.
pub(crate) fn idle_ns() -> u64 {
    IDLE_NS.load(Ordering::Relaxed)
}

/// A domain's share.
pub(crate) fn parameters(group: GroupSlot) -> Result<Parameters, Error> {
    let scheduler = SCHEDULER.get().ok_or(Error::NoSuchSlot)?;
    scheduler.parameters(group)
}

/// Changes a domain's share.
pub(crate) fn set_parameters(group: GroupSlot, parameters: Parameters) -> Result<(), Error> {
    let scheduler = SCHEDULER.get().ok_or(Error::NoSuchSlot)?;
    scheduler.set_parameters(group, parameters)
}

/// Says where a virtual CPU may run.
pub(crate) fn set_affinity(vcpu: &Vcpu, affinity: CpuSet) -> Result<(), Error> {
    let scheduler = SCHEDULER.get().ok_or(Error::NoSuchSlot)?;
    let slot = vcpu.slot().ok_or(Error::NoSuchSlot)?;
    kick(scheduler.set_affinity(slot, affinity, clock::now_ns())?);
    Ok(())
}

/// Takes in a virtual CPU, asleep.
pub(crate) fn add(group: GroupSlot, vcpu: &'static Vcpu) -> Option<()> {
    let slot = SCHEDULER.get()?.add(group, CpuSet::ALL).ok()?;
    let mut vcpus = VCPUS.write();
    if let Some(place) = vcpus.get_mut(slot.index()) {
        *place = Some(vcpu);
    }
    vcpu.set_slot(Some(slot));
    Some(())
}

/// Forgets a virtual CPU that was stopped. False while a CPU still runs it, or has its registers.
pub(crate) fn remove(vcpu: &Vcpu) -> bool {
    let (Some(slot), Some(scheduler)) = (vcpu.slot(), SCHEDULER.get()) else {
        return true;
    };
    let is_loaded = vcpu::current().is_some_and(|current| core::ptr::eq(current, vcpu));
    if is_loaded || scheduler.remove(slot).is_err() {
        return false;
    }
    if let Some(place) = VCPUS.write().get_mut(slot.index()) {
        *place = None;
    }
    if let (Some(heap), Ok(number)) = (TIMERS.lock().as_mut(), u32::try_from(slot.index())) {
        heap.remove(number);
    }
    vcpu.set_slot(None);
    true
}

fn at(slot: VcpuSlot) -> Option<&'static Vcpu> {
    VCPUS.read().get(slot.index()).copied().flatten()
}

fn kick(kick: Option<Kick>) {
    if kick.is_some() {
        local::current()
            .attention
            .fetch_or(RESCHEDULE, Ordering::Relaxed);
    }
}

/// A virtual CPU has something to do. Nothing where it does not sleep, or is down.
#[inline]
pub(crate) fn wake(vcpu: &Vcpu) {
    if vcpu.blocked.load(Ordering::Acquire) && vcpu.blocked.swap(false, Ordering::AcqRel) {
        start(vcpu);
    }
}

/// Lets a virtual CPU that is up run.
pub(crate) fn start(vcpu: &Vcpu) {
    if let (true, Some(slot), Some(scheduler)) = (vcpu.is_runnable(), vcpu.slot(), SCHEDULER.get())
    {
        kick(scheduler.wake(slot, clock::now_ns()));
    }
}

/// Takes a virtual CPU off its CPU: it is blocked or down.
pub(crate) fn stop(vcpu: &Vcpu) {
    if let (Some(slot), Some(scheduler)) = (vcpu.slot(), SCHEDULER.get()) {
        kick(scheduler.sleep(slot, clock::now_ns()));
    }
    local::current()
        .attention
        .fetch_or(RESCHEDULE, Ordering::Relaxed);
}

/// Lets others run first.
pub(crate) fn yield_now() {
    if let Some(scheduler) = SCHEDULER.get() {
        scheduler.yield_now(this_cpu());
        local::current()
            .attention
            .fetch_or(RESCHEDULE, Ordering::Relaxed);
    }
}

/// Something that a virtual CPU waits for has another time: its timers, its poll's end, its domain's
/// watchdogs.
pub(crate) fn set_deadline(vcpu: &Vcpu) {
    note_deadline(vcpu);
    arm();
}

/// Puts the first of all times that a virtual CPU waits for into the heap.
fn note_deadline(vcpu: &Vcpu) {
    let Some(slot) = vcpu
        .slot()
        .and_then(|slot| u32::try_from(slot.index()).ok())
    else {
        return;
    };
    // Held until the heap knows: of two that change something the last one sees both changes.
    let timers = vcpu.timers.lock();
    let deadline_ns = vcpu.deadline_ns(&timers);
    if let Some(heap) = TIMERS.lock().as_mut() {
        match deadline_ns {
            // The heap was made for every slot that there is.
            Some(deadline) => _ = heap.set(slot, deadline),
            None => _ = heap.remove(slot),
        }
    }
}

/// Sets the CPU's timer for what comes next.
fn arm() {
    let timer = TIMERS
        .lock()
        .as_ref()
        .and_then(|heap| heap.first())
        .map(|(_, deadline)| deadline);
    let pick = *PICK_AT.lock();
    let next = timer.into_iter().chain(pick).min();
    irq::set_timer(next.map_or(0, clock::timer_counts));
}

/// The CPU's timer has fired.
pub(crate) fn on_timer() {
    let now_ns = clock::now_ns();
    // The lock is taken anew for each: a timer's owner may set it again meanwhile.
    let due = || {
        TIMERS
            .lock()
            .as_mut()
            .and_then(|heap| heap.pop_until(now_ns))
    };
    while let Some(number) = due() {
        let Some(vcpu) = VCPUS.read().get(number as usize).copied().flatten() else {
            continue;
        };
        let due = vcpu.timers.lock().expire(now_ns);
        // What has come is no deadline any more, or this would never end.
        let polled = vcpu.end_poll_by(now_ns);
        let barks = vcpu.id().raw() == 0 && vcpu.domain().watchdogs().lock().expire(now_ns);
        if due {
            event::raise_virq(vcpu, Virq::TIMER);
        }
        note_deadline(vcpu);
        if polled {
            wake(vcpu);
        }
        if barks && vcpu.domain().life().is_alive() {
            domain::shut_down(vcpu.domain(), WATCHDOG);
        }
    }
    let mut pick = PICK_AT.lock();
    if pick.is_some_and(|at| at <= now_ns) {
        *pick = None;
        local::current()
            .attention
            .fetch_or(RESCHEDULE, Ordering::Relaxed);
    }
    drop(pick);
    arm();
}

/// Picks who runs, waits while nobody can, and puts it into the frame.
pub(crate) fn reschedule(frame: &mut GuestFrame) {
    let Some(scheduler) = SCHEDULER.get() else {
        return;
    };
    let local = local::current();
    loop {
        local.attention.fetch_and(!RESCHEDULE, Ordering::Relaxed);
        let now_ns = clock::now_ns();
        let decision = scheduler.pick(this_cpu(), now_ns);
        let pick_changed = {
            let mut pick = PICK_AT.lock();
            core::mem::replace(&mut *pick, decision.until_ns) != decision.until_ns
        };
        if pick_changed {
            arm();
        }
        if let Some(next) = decision.vcpu.and_then(at) {
            let lost = switch_to(next, frame, now_ns);
            kick(scheduler.context_saved(this_cpu(), now_ns));
            if let Some(selectors) = lost {
                trap::tell_of_lost_selectors(next, frame, selectors);
            }
            if local.attention.load(Ordering::Relaxed) & RESCHEDULE == 0 {
                return;
            }
        } else {
            if let Some(current) = vcpu::current() {
                account(current, waiting(current), now_ns);
            }
            kick(scheduler.context_saved(this_cpu(), now_ns));
            if local.attention.load(Ordering::Relaxed) & RESCHEDULE == 0
                && let Some(vector) = wait()
            {
                let waited_ns = clock::now_ns().saturating_sub(now_ns);
                IDLE_NS.fetch_add(waited_ns, Ordering::Relaxed);
                irq::dispatch(vector);
            }
        }
    }
}

/// What a virtual CPU does that does not run: it could, it waits for an event, or it is down, or paused.
fn waiting(vcpu: &Vcpu) -> Runstate {
    if vcpu.is_runnable() {
        Runstate::Runnable
    } else if vcpu.up.load(Ordering::Relaxed) && vcpu.blocked.load(Ordering::Relaxed) {
        Runstate::Blocked
    } else {
        Runstate::Offline
    }
}

fn account(vcpu: &Vcpu, state: Runstate, now_ns: u64) {
    let mut runstates = vcpu.runstates.lock();
    if runstates.state != state {
        runstates.enter(state, now_ns);
        drop(runstates);
        let is_periodic = vcpu.timers.lock().is_periodic();
        if is_periodic {
            set_deadline(vcpu);
        }
        if vcpu::current().is_some_and(|current| core::ptr::eq(current, vcpu)) {
            tell_runstate(vcpu, now_ns);
        }
    }
}

/// Brings the guest's copy of its runstate up to date, where it asked for one.
///
/// The copy's address is one of the guest's kernel, so that it is left alone in user mode, as it is
/// where the guest no longer maps it: it is told with the next change.
fn tell_runstate(vcpu: &Vcpu, now_ns: u64) {
    let Some(area) = vcpu.state.lock().runstate_area else {
        return;
    };
    if !mode::in_kernel(local::current()) {
        return;
    }
    let mut info = vcpu.runstates.lock().at(now_ns);
    let entry_time = info.state_entry_time;
    let flag = VmAssistType::RunstateUpdateFlag.bit();
    let flagged = vcpu.domain().assists().load(Ordering::Relaxed) & flag != 0;
    if flagged {
        info.state_entry_time |= RunstateInfo::UPDATE;
    }
    // The first write says that the rest changes, the last one that it is done.
    let place = area.checked_add(offset_of!(RunstateInfo, state_entry_time) as u64);
    let (Some(place), true) = (place, flagged) else {
        let _ = guest::write(area, &info);
        return;
    };
    let _ = guest::write(place, &info.state_entry_time)
        .and_then(|()| guest::write(area, &info))
        .and_then(|()| guest::write(place, &entry_time));
}

/// Makes `next` the running virtual CPU. The registers of the one before stay in the CPU while it
/// only waits, so that coming back to it costs nothing.
///
/// Returns the data selectors that it had, where its tables no longer hold one of them.
fn switch_to(next: &'static Vcpu, frame: &mut GuestFrame, now_ns: u64) -> Option<DataSelectors> {
    let lost = match vcpu::current() {
        Some(current) if core::ptr::eq(current, next) => None,
        Some(current) => {
            account(current, waiting(current), now_ns);
            save(current, frame);
            load(next, frame)
        }
        None => load(next, frame),
    };
    account(next, Runstate::Running, now_ns);
    lost
}

fn save(vcpu: &Vcpu, frame: &GuestFrame) {
    let local = local::current();
    let mut state = vcpu.state.lock();
    state.frame = *frame;
    state.kernel_mode = mode::in_kernel(local);
    state.kernel_stack = local.guest.kernel_stack.get();
    state.selectors = DataSelectors::current();
    state.fs_base = msr::GuestBase::Fs.get();
    state.gs_base = msr::GuestBase::Gs.get();
    state.other_gs_base = msr::GuestBase::OtherGs.get();
    state.fpu.save();
}

/// Returns the data selectors that could not all be loaded.
fn load(vcpu: &'static Vcpu, frame: &mut GuestFrame) -> Option<DataSelectors> {
    let local = local::current();
    local.set_current(vcpu);
    let (lost, time_area) = {
        let state = vcpu.state.lock();
        *frame = state.frame;
        let guest = &local.guest;
        let root = |root: &Option<_>| root.as_ref().map_or(0, root_address);
        guest.kernel_root.set(root(&state.kernel_root));
        guest.user_root.set(root(&state.user_root));
        guest.kernel_stack.set(state.kernel_stack);
        guest.syscall_target.set(state.syscall_target);
        guest
            .syscall_masks_events
            .set(state.syscall_masks_events.into());
        guest.kernel_mode.set(state.kernel_mode.into());
        guest
            .vcpu_info
            .set(ringwall_hw::layout::DIRECT_MAP_START + vcpu.info_address());
        set_io_rights(vcpu, state.iopl);
        state.note_unfinished();
        state.window.load(state.ldt_entries);
        // A selector that the guest's tables no longer hold becomes null, and the guest is told.
        let lost = (!state.selectors.load()).then_some(state.selectors);
        let bases = [
            (msr::GuestBase::Fs, state.fs_base),
            (msr::GuestBase::Gs, state.gs_base),
            (msr::GuestBase::OtherGs, state.other_gs_base),
        ];
        for (register, base) in bases {
            // Bases in a state are canonical.
            let _ = register.set(base);
        }
        msr::set_tsc_aux(state.tsc_aux);
        state.fpu.restore();
        control::set_task_switched(state.task_switched);
        control::set_guest_cr4(fixed_cr4() | state.cr4.bits().bits());
        if state.debug.is_active() {
            let addresses = state.debug.addresses().map(|address| address.raw());
            control::load_debug_registers(addresses, state.debug.dr6(), state.debug.dr7());
        } else {
            control::load_debug_registers([0; 4], state.debug.dr6(), 0x400);
        }
        MACHINE.flush_local(|| mode::load_current_root(local));
        // The address is one of the guest's kernel.
        (lost, state.time_area.filter(|_| state.kernel_mode))
    };
    clock::publish(vcpu);
    if let Some(area) = time_area {
        clock::publish_second(area);
    }
    lost
}

/// Physical address of a root.
pub(crate) fn root_address(
    root: &ringwall_model::memory::TypeReference<ringwall_model::memory::Level>,
) -> u64 {
    root.mfn().raw() << ringwall_abi::PAGE_SHIFT
}

/// Gives the running virtual CPU's modes their I/O ports.
pub(crate) fn set_io_rights(vcpu: &Vcpu, iopl: u8) {
    let local = local::current();
    let bitmap = |allowed: bool| {
        if allowed {
            IO_BITMAP_GUEST
        } else {
            IO_BITMAP_NONE
        }
    };
    let privileged = vcpu.domain().is_privileged();
    // The kernel counts as ring 1, user code as ring 3.
    local
        .guest
        .kernel_io_bitmap
        .set(bitmap(privileged && iopl >= 1));
    local
        .guest
        .user_io_bitmap
        .set(bitmap(privileged && iopl >= 3));
    mode::refresh_io_bitmap(local);
}
