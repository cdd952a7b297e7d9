//! Exceptions and soft interrupts: handlers for each vector.
//!
//! A handler is a function that gets the registers of what was interrupted and may change them. It
//! runs on the kernel's stack, with upcalls masked. An exception without a handler is a panic that shows
//! the registers.

mod frame;
pub mod probe;

use core::fmt;

use ringwall_abi::arch_x86::{FLAT_KERNEL_CS, TrapFlags, TrapInfo};
use ringwall_abi::callback::{CallbackFlags, CallbackType};
use ringwall_abi::xen::VcpuInfo;
use spin::RwLock;

pub use frame::Frame;

use crate::raw::entry;
use crate::{hypercall, panic, start};

/// [`Frame::vector`] of an event.
pub const EVENT: u64 = 256;
/// [`Frame::vector`] of a system call.
pub const SYSCALL: u64 = 257;
/// [`Frame::vector`] of a return that failed: a selector of the frame could not be loaded.
pub const FAILSAFE: u64 = 258;

/// Vectors of exceptions, as the CPU has them. Source: SDM vol. 3A, table 6-1.
pub mod vector {
    #![expect(missing_docs, reason = "the names are the CPU's")]

    pub const DIVIDE_ERROR: u8 = 0;
    pub const DEBUG: u8 = 1;
    pub const NMI: u8 = 2;
    pub const BREAKPOINT: u8 = 3;
    pub const OVERFLOW: u8 = 4;
    pub const BOUND_RANGE: u8 = 5;
    pub const INVALID_OPCODE: u8 = 6;
    pub const DEVICE_NOT_AVAILABLE: u8 = 7;
    pub const DOUBLE_FAULT: u8 = 8;
    pub const INVALID_TSS: u8 = 10;
    pub const SEGMENT_NOT_PRESENT: u8 = 11;
    pub const STACK_FAULT: u8 = 12;
    pub const GENERAL_PROTECTION: u8 = 13;
    pub const PAGE_FAULT: u8 = 14;
    pub const FLOATING_POINT: u8 = 16;
    pub const ALIGNMENT_CHECK: u8 = 17;
    pub const MACHINE_CHECK: u8 = 18;
    pub const SIMD: u8 = 19;
}

/// What is done about an exception or a soft interrupt.
pub type Handler = fn(&mut Frame);

static HANDLERS: RwLock<[Option<Handler>; 256]> = RwLock::new([None; 256]);
/// Which of them code of ring 3 may raise.
static SOFT: RwLock<[bool; 256]> = RwLock::new([false; 256]);
static ON_FAILSAFE: RwLock<Option<Handler>> = RwLock::new(None);

/// Exceptions that have an entry from the start; the others are the hypervisor's or reserved.
pub(crate) const EXCEPTIONS: [u8; 18] = [
    0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 21,
];

/// Sets the handler of a vector, on all virtual CPUs that are started later too.
///
/// Ring 3, which is the guest's kernel and its user code alike, can raise breakpoint and overflow by
/// their instructions; for any other vector see [`set_soft`].
///
/// # Errors
///
/// What the hypervisor says.
pub fn set(vector: u8, handler: Handler) -> hypercall::Result<()> {
    set_for(vector, 0, handler)
}

/// Sets the handler of a vector that code of ring 3 may raise by `int`.
///
/// # Errors
///
/// What the hypervisor says.
pub fn set_soft(vector: u8, handler: Handler) -> hypercall::Result<()> {
    set_for(vector, 3, handler)
}

/// Takes a handler back: the exception is a panic again.
pub fn unset(vector: u8) {
    if let Some(place) = HANDLERS.write().get_mut(usize::from(vector)) {
        *place = None;
    }
}

/// Sets the handler of returns that failed.
pub fn on_failsafe(handler: Handler) {
    *ON_FAILSAFE.write() = Some(handler);
}

/// The address of the last page fault of this virtual CPU. Exceptions that come in between set it anew,
/// so a handler reads it first.
#[must_use]
pub fn fault_address() -> u64 {
    start::vcpu_info().map_or(0, |info| {
        info.u64(VcpuInfo::CR2)
            .load(core::sync::atomic::Ordering::Relaxed)
    })
}

#[expect(unsafe_code, reason = "names the crate's own entries")]
fn set_for(vector: u8, dpl: u8, handler: Handler) -> hypercall::Result<()> {
    if let Some(place) = HANDLERS.write().get_mut(usize::from(vector)) {
        *place = Some(handler);
    }
    if let Some(place) = SOFT.write().get_mut(usize::from(vector)) {
        *place = dpl == 3;
    }
    let table = [info(vector, dpl), TrapInfo::default()];
    // SAFETY: the entry is the vector's.
    unsafe { hypercall::set_trap_table(&table) }
}

/// What the hypervisor is told of a vector.
pub(crate) fn info(vector: u8, dpl: u8) -> TrapInfo {
    let dpl = match vector {
        vector::BREAKPOINT | vector::OVERFLOW => 3,
        _ => dpl,
    };
    TrapInfo {
        vector,
        flags: TrapFlags::MASK_EVENTS | TrapFlags::from_bits_retain(dpl),
        cs: FLAT_KERNEL_CS,
        address: entry::vector(vector),
        ..TrapInfo::default()
    }
}

/// Gives the hypervisor all entries.
#[expect(unsafe_code, reason = "names the crate's own entries")]
pub(crate) fn begin() -> hypercall::Result<()> {
    let mut table = [TrapInfo::default(); EXCEPTIONS.len() + 1];
    for (place, vector) in table.iter_mut().zip(EXCEPTIONS) {
        *place = info(vector, 0);
    }
    // SAFETY: each entry is its vector's, and the last one is empty.
    unsafe { hypercall::set_trap_table(&table) }?;
    for (kind, entry) in [
        (CallbackType::Event, entry::event()),
        (CallbackType::Syscall, entry::syscall()),
        (CallbackType::Failsafe, entry::failsafe()),
    ] {
        // SAFETY: each entry is of its kind.
        unsafe { hypercall::register_callback(kind, CallbackFlags::MASK_EVENTS, entry) }?;
    }
    Ok(())
}

/// What the hypervisor is told of all vectors that have an entry, by vector, for another virtual CPU.
pub(crate) fn table() -> impl Iterator<Item = TrapInfo> {
    let soft = SOFT.read();
    (0..=u8::MAX).map(move |vector| {
        let is_soft = soft.get(usize::from(vector)).copied().unwrap_or(false);
        let is_set = HANDLERS
            .read()
            .get(usize::from(vector))
            .copied()
            .flatten()
            .is_some();
        if is_soft || is_set || EXCEPTIONS.contains(&vector) {
            info(vector, if is_soft { 3 } else { 0 })
        } else {
            TrapInfo {
                vector,
                ..TrapInfo::default()
            }
        }
    })
}

/// Where all entries from the kernel lead.
pub(crate) fn dispatch(frame: &mut Frame) {
    let handler = match frame.vector() {
        EVENT => return crate::event::dispatch(),
        FAILSAFE => *ON_FAILSAFE.read(),
        vector => {
            let index = usize::try_from(vector).unwrap_or(usize::MAX);
            HANDLERS.read().get(index).copied().flatten()
        }
    };
    match handler {
        Some(handler) => handler(frame),
        None if entry::end_probe(frame) => {}
        None => panic::die(&Unhandled(frame)),
    }
}

/// An exception that nobody expected.
struct Unhandled<'a>(&'a Frame);

impl fmt::Display for Unhandled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: exception {}", self.0.vector())?;
        if self.0.vector() == u64::from(vector::PAGE_FAULT) {
            write!(f, " at {:#x}", fault_address())?;
        }
        write!(f, "\n{}", self.0)
    }
}
