//! Virtual CPUs: code for the others.
// UNSAFETY: makes the state in which a virtual CPU starts.
#![expect(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use ringwall_abi::arch_x86::{
    CpuUserRegs, FLAT_KERNEL_CS, FLAT_KERNEL_SS, VcpuContextFlags, VcpuGuestContext,
};
use ringwall_abi::xen::LEGACY_MAX_VCPUS;
use ringwall_abi::{Errno, Hypercall, PAGE_SIZE, VcpuId};
use zerocopy::FromZeros;

use crate::memory::{Page, Window, entry::Access, tables};
use crate::raw::{entry, registers};
use crate::sync::Lock;
use crate::{event, hypercall, trap};

/// Pages of a virtual CPU's stack.
const STACK_PAGES: usize = 16;

/// What a virtual CPU is to do.
type Job = Box<dyn FnOnce() + Send>;

/// The next job of each virtual CPU, and whether it was ever started.
struct Vcpus {
    jobs: [Option<Job>; LEGACY_MAX_VCPUS],
    started: [bool; LEGACY_MAX_VCPUS],
}

static VCPUS: Lock<Vcpus> = Lock::new(Vcpus {
    jobs: [const { None }; LEGACY_MAX_VCPUS],
    started: [false; LEGACY_MAX_VCPUS],
});

/// The virtual CPU that runs this.
#[must_use]
pub fn current() -> VcpuId {
    registers::vcpu()
}

/// How many virtual CPUs the domain has: at least 1, at most 32.
#[must_use]
pub fn count() -> u32 {
    let exists = |number: &u32| hypercall::vcpu_is_up(VcpuId::new(*number)).is_ok();
    (1..32).take_while(exists).last().unwrap_or(0) + 1
}

/// A closure that another virtual CPU runs.
#[derive(Debug)]
pub struct Task {
    done: Arc<AtomicBool>,
}

impl Task {
    /// Whether it has returned.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Lets others run until it has returned.
    pub fn join(self) {
        while !self.is_done() {
            hypercall::yield_now();
        }
    }
}

/// Runs a closure on another virtual CPU, with upcalls on; when it has returned, that one is down again.
///
/// # Errors
///
/// `ENOENT` for a virtual CPU that does not exist, `EBUSY` for one that runs, `ENOMEM` for a stack.
pub fn start(vcpu: VcpuId, work: impl FnOnce() + Send + 'static) -> hypercall::Result<Task> {
    let refused = |errno| Err(hypercall::Error::before(Hypercall::VcpuOp, errno));
    if hypercall::vcpu_is_up(vcpu)? {
        return refused(Errno::EBUSY);
    }
    let done = Arc::new(AtomicBool::new(false));
    let task = Task { done: done.clone() };
    let job: Job = Box::new(move || {
        work();
        done.store(true, Ordering::Release);
    });
    let index = vcpu.raw() as usize;
    let started = {
        let mut vcpus = VCPUS.lock();
        let Some(place) = vcpus.jobs.get_mut(index) else {
            return refused(Errno::ENOENT);
        };
        if place.is_some() {
            return refused(Errno::EBUSY);
        }
        *place = Some(job);
        vcpus
            .started
            .get_mut(index)
            .is_some_and(|started| core::mem::replace(started, true))
    };
    let up = if started { Ok(()) } else { initialise(vcpu) };
    let result = up.and_then(|()| hypercall::vcpu_up(vcpu));
    if let Err(error) = result {
        let mut vcpus = VCPUS.lock();
        if let Some(place) = vcpus.jobs.get_mut(index) {
            *place = None;
        }
        if !started && let Some(started) = vcpus.started.get_mut(index) {
            *started = false;
        }
        return Err(error);
    }
    Ok(task)
}

/// A stack with nothing mapped below it: the address of its end. It is the virtual CPU's for good.
fn stack() -> hypercall::Result<u64> {
    let no_memory = hypercall::Error::before(Hypercall::VcpuOp, Errno::ENOMEM);
    let pages: Option<Vec<Page>> = (0..STACK_PAGES).map(|_| Page::new()).collect();
    let mut window = Window::new(STACK_PAGES + 1).map_err(|_| no_memory)?;
    for (index, page) in pages.ok_or(no_memory)?.into_iter().enumerate() {
        window
            .map(index + 1, page, Access::ReadWrite)
            .map_err(|_| no_memory)?;
    }
    let end = window.address(STACK_PAGES) + PAGE_SIZE as u64;
    core::mem::forget(window);
    Ok(end)
}

fn initialise(vcpu: VcpuId) -> hypercall::Result<()> {
    let missing = hypercall::Error::before(Hypercall::VcpuOp, Errno::ENOENT);
    let mut context = VcpuGuestContext::new_box_zeroed()
        .map_err(|_| hypercall::Error::before(Hypercall::VcpuOp, Errno::ENOMEM))?;
    context.flags = VcpuContextFlags::IN_KERNEL
        | VcpuContextFlags::FAILSAFE_DISABLES_EVENTS
        | VcpuContextFlags::SYSCALL_DISABLES_EVENTS;
    context.user_regs = CpuUserRegs {
        rip: entry::vcpu_entry().raw(),
        cs: FLAT_KERNEL_CS,
        ss: FLAT_KERNEL_SS,
        rsp: stack()?,
        ..CpuUserRegs::default()
    };
    for (place, handler) in context.trap_ctxt.iter_mut().zip(trap::table()) {
        *place = handler;
    }
    context.kernel_ss = FLAT_KERNEL_SS.into();
    context.kernel_sp = registers::entry_stack(vcpu).ok_or(missing)?;
    if let Some(cr3) = context.ctrlreg.get_mut(3) {
        *cr3 = VcpuGuestContext::mfn_to_cr3(tables::kernel_root());
    }
    context.event_callback_eip = entry::event().raw();
    context.failsafe_callback_eip = entry::failsafe().raw();
    context.syscall_callback_eip = entry::syscall().raw();
    context.gs_base_kernel = registers::local(vcpu).ok_or(missing)?;
    // SAFETY: 1. code, stack and GS block are the virtual CPU's own; 2. tables and handlers are those that
    // the others have.
    unsafe { hypercall::vcpu_initialise(vcpu, &context) }
}

/// What a further virtual CPU does: its job, and then nothing until there is another.
pub(crate) fn begin() -> ! {
    let vcpu = current();
    loop {
        event::mask::unmask();
        let job = VCPUS
            .lock()
            .jobs
            .get_mut(vcpu.raw() as usize)
            .and_then(Option::take);
        if let Some(job) = job {
            job();
        }
        // Goes on here when it is started again.
        let _ = hypercall::vcpu_down(vcpu);
    }
}
