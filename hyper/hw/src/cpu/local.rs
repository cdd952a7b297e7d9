//! Data of one CPU, at the top of its stack.
// UNSAFETY: finds the data of this CPU from its stack pointer.
#![expect(unsafe_code)]

use core::any::TypeId;
use core::cell::Cell;
use core::sync::atomic::AtomicU32;

use crate::entry::GuestFrame;
use crate::layout::{
    CPU_WINDOW_SIZE, CPU_WINDOWS_START, DESCRIPTOR_WINDOWS_START, FRAME_OFFSET, LOCAL_OFFSET,
    TSS_OFFSET,
};

/// What the entry code needs of the virtual CPU that runs here. Copied in when it is switched to.
#[repr(C)]
pub struct RunningGuest {
    /// Physical address of the root table in kernel mode.
    pub kernel_root: Cell<u64>,
    /// Physical address of the root table in user mode; 0: none.
    pub user_root: Cell<u64>,
    /// Top of the guest's kernel stack: canonical, outside the hypervisor, aligned to 16.
    pub kernel_stack: Cell<u64>,
    /// Where `syscall` from user code goes: canonical; 0: nowhere.
    pub syscall_target: Cell<u64>,
    /// Address of the first byte of `vcpu_info` (pending, then mask) in the direct map.
    pub vcpu_info: Cell<u64>,
    /// 1 in kernel mode, 0 in user mode.
    pub kernel_mode: Cell<u8>,
    /// 1 if a `syscall` from user code masks events.
    pub syscall_masks_events: Cell<u8>,
    /// Offset of the I/O bitmap in the TSS in kernel mode.
    pub kernel_io_bitmap: Cell<u16>,
    /// The same in user mode.
    pub user_io_bitmap: Cell<u16>,
}

/// The functions that the entry code calls, with the frame at the top of the stack.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Handlers {
    /// `syscall` in 64-bit mode that no fast path took.
    pub on_syscall: extern "C" fn(&mut GuestFrame),
    /// `syscall` in compatibility mode.
    pub on_syscall32: extern "C" fn(&mut GuestFrame),
    /// Exception or interrupt while a guest ran.
    pub on_trap: extern "C" fn(&mut GuestFrame),
    /// On the way out, when events wait or `attention` is set.
    pub on_exit: extern "C" fn(&mut GuestFrame),
    /// `iretq` could not load the frame.
    pub on_bad_iret: extern "C" fn(&mut GuestFrame),
    /// The guest's kernel stack could not be written by the syscall path.
    pub on_bad_stack: extern "C" fn(&mut GuestFrame),
}

/// Data of one CPU. Only its own CPU touches what is not atomic.
#[repr(C)]
pub struct CpuLocal {
    /// What the entry code needs of the running virtual CPU.
    pub guest: RunningGuest,
    /// Not 0: the exit path calls `on_exit`. Set by whoever leaves work for it.
    pub attention: AtomicU32,
    /// This CPU's number.
    pub index: Cell<u32>,
    pub(crate) scratch: [Cell<u64>; 3],
    pub(crate) handlers: Handlers,
    pub(crate) on_fault: extern "C" fn(&mut GuestFrame),
    /// The hypervisor's own root table, for when no guest runs.
    pub(crate) idle_root: Cell<u64>,
    /// What the hypervisor runs here: an address, and the type of what is there.
    current: Cell<Option<(*const (), TypeId)>>,
    /// Reported by interrupts that came while this CPU waited.
    pub(crate) woken_by: Cell<u8>,
}

const _: () = assert!(LOCAL_OFFSET + size_of::<CpuLocal>() as u64 <= TSS_OFFSET);
const _: () = assert!(FRAME_OFFSET + size_of::<GuestFrame>() as u64 == LOCAL_OFFSET);

/// The data of the CPU that executes this.
#[must_use]
#[inline]
pub fn current() -> &'static CpuLocal {
    let stack: u64;
    // SAFETY: reads a register.
    unsafe {
        core::arch::asm!("mov {}, rsp", out(reg) stack, options(nomem, nostack, preserves_flags))
    };
    let address = (stack & !(CPU_WINDOW_SIZE - 1)) + LOCAL_OFFSET;
    // SAFETY: every stack after boot lies in the window of its CPU, which was filled before the
    // stack was used and stays mapped; shared references only, interior mutability by `Cell`.
    unsafe { &*(address as *const CpuLocal) }
}

impl CpuLocal {
    /// Keeps what runs on this CPU.
    pub fn set_current<T: Sync>(&self, current: &'static T) {
        self.current.set(Some((
            core::ptr::from_ref(current).cast(),
            TypeId::of::<T>(),
        )));
    }

    /// What runs on this CPU, as [`Self::set_current`] was told, if it is a `T`.
    #[must_use]
    #[inline]
    pub fn current<T: Sync + 'static>(&self) -> Option<&'static T> {
        let (address, kind) = self.current.get()?;
        // SAFETY: it came from a `&'static T` of this very type.
        (kind == TypeId::of::<T>()).then(|| unsafe { &*address.cast::<T>() })
    }

    pub(crate) fn new(
        handlers: Handlers,
        on_fault: extern "C" fn(&mut GuestFrame),
        idle_root: u64,
        vcpu_info: u64,
    ) -> Self {
        Self {
            guest: RunningGuest {
                kernel_root: Cell::new(0),
                user_root: Cell::new(0),
                kernel_stack: Cell::new(0),
                syscall_target: Cell::new(0),
                vcpu_info: Cell::new(vcpu_info),
                kernel_mode: Cell::new(1),
                syscall_masks_events: Cell::new(0),
                kernel_io_bitmap: Cell::new(crate::cpu::IO_BITMAP_NONE),
                user_io_bitmap: Cell::new(crate::cpu::IO_BITMAP_NONE),
            },
            attention: AtomicU32::new(0),
            index: Cell::new(0),
            scratch: [const { Cell::new(0) }; 3],
            handlers,
            on_fault,
            idle_root: Cell::new(idle_root),
            current: Cell::new(None),
            woken_by: Cell::new(0),
        }
    }
}

/// An address in any CPU's window as the same place in the first CPU's window.
pub(crate) fn in_first_window(address: u64) -> u64 {
    if (CPU_WINDOWS_START..DESCRIPTOR_WINDOWS_START).contains(&address) {
        CPU_WINDOWS_START + address % CPU_WINDOW_SIZE
    } else {
        address
    }
}
