//! What a virtual CPU holds of the kernel: its block behind GS, and its frame pointer.
// UNSAFETY: reads registers, and memory by them.
#![expect(unsafe_code)]

use core::cell::UnsafeCell;
use core::mem::offset_of;

use ringwall_abi::VcpuId;
use ringwall_abi::xen::LEGACY_MAX_VCPUS;

/// What a virtual CPU has of its own, behind GS in kernel mode.
#[repr(C, align(16))]
pub(crate) struct Local {
    vcpu: u64,
    /// Where to go on when user code has been left.
    pub(crate) kernel_rsp: u64,
    /// The stack on which the kernel is entered from user code: the frame at its end, and room below.
    entry_stack: [u64; ENTRY_STACK],
}

/// Words of the stack for entries from user code.
const ENTRY_STACK: usize = 64;
const _: () = assert!(size_of::<Local>().is_multiple_of(16));

/// The blocks of all virtual CPUs.
struct Locals([UnsafeCell<Local>; LEGACY_MAX_VCPUS]);

// SAFETY: each block is written by the entry code of its own virtual CPU alone.
unsafe impl Sync for Locals {}

static LOCALS: Locals = {
    let mut locals = [const {
        UnsafeCell::new(Local {
            vcpu: 0,
            kernel_rsp: 0,
            entry_stack: [0; ENTRY_STACK],
        })
    }; LEGACY_MAX_VCPUS];
    let mut vcpu = 0;
    while vcpu < LEGACY_MAX_VCPUS {
        locals[vcpu].get_mut().vcpu = vcpu as u64;
        vcpu += 1;
    }
    Locals(locals)
};

/// The address of a virtual CPU's block, for its GS base; `None` from the 33rd on.
pub(crate) fn local(vcpu: VcpuId) -> Option<u64> {
    let block = LOCALS.0.get(vcpu.raw() as usize)?;
    Some(block.get() as u64)
}

/// The end of a virtual CPU's stack for entries from user code; `None` from the 33rd on.
pub(crate) fn entry_stack(vcpu: VcpuId) -> Option<u64> {
    Some(local(vcpu)? + size_of::<Local>() as u64)
}

/// The virtual CPU that runs this.
#[must_use]
pub(crate) fn vcpu() -> VcpuId {
    #[cfg(target_os = "none")]
    {
        let vcpu: u32;
        // SAFETY: from the start of day on GS has the block, whose number nobody writes.
        unsafe {
            core::arch::asm!(
                "mov {:e}, gs:[{}]",
                out(reg) vcpu,
                const offset_of!(Local, vcpu),
                options(nostack, preserves_flags, readonly),
            );
        }
        VcpuId::new(vcpu)
    }
    #[cfg(not(target_os = "none"))]
    {
        const { assert!(offset_of!(Local, vcpu) == 0) };
        VcpuId::new(0)
    }
}

/// The return addresses of the functions that led here, the innermost first, as far as frame pointers
/// lead through memory for which `is_stack` holds.
pub(crate) fn backtrace(is_stack: impl Fn(u64) -> bool, mut each: impl FnMut(u64)) {
    #[cfg(target_os = "none")]
    {
        let mut base: u64;
        // SAFETY: reads a register.
        unsafe { core::arch::asm!("mov {}, rbp", out(reg) base, options(nomem, nostack)) };
        while base.is_multiple_of(8) && is_stack(base) && is_stack(base + 15) {
            // SAFETY: two words of a stack, which is mapped; what they hold is not trusted.
            let [next, address] = unsafe { (base as *const [u64; 2]).read_volatile() };
            each(address);
            if next <= base {
                break;
            }
            base = next;
        }
    }
    #[cfg(not(target_os = "none"))]
    if is_stack(0) {
        each(0);
    }
}

/// The time-stamp counter, in ticks.
#[must_use]
pub(crate) fn tsc() -> u64 {
    // SAFETY: reads a register, which a PV guest may.
    unsafe { core::arch::x86_64::_rdtsc() }
}
