//! Upcalls of this virtual CPU: masked and unmasked.

use core::marker::PhantomData;
use core::sync::atomic::{Ordering, compiler_fence};

use ringwall_abi::xen::VcpuInfo;

use crate::{hypercall, start};

/// Upcalls stay masked while this lives, unless they were masked before, when nothing changes.
///
/// It belongs to the virtual CPU that made it.
#[derive(Debug)]
#[must_use = "upcalls come again when this is dropped"]
pub struct Masked {
    /// Whether to unmask.
    unmask: bool,
    not_send: PhantomData<*const ()>,
}

/// Masks the upcalls of this virtual CPU.
pub fn mask() -> Masked {
    let unmask = start::vcpu_info().is_some_and(|info| {
        let before = info.u8(VcpuInfo::UPCALL_MASK).swap(1, Ordering::SeqCst);
        before == 0
    });
    Masked {
        unmask,
        not_send: PhantomData,
    }
}

/// Unmasks the upcalls of this virtual CPU; what waits comes at once.
pub fn unmask() {
    let Some(info) = start::vcpu_info() else {
        return;
    };
    info.u8(VcpuInfo::UPCALL_MASK).store(0, Ordering::SeqCst);
    compiler_fence(Ordering::SeqCst);
    // What came before the mask was cleared got no upcall. Any hypercall delivers it.
    if info.u8(VcpuInfo::UPCALL_PENDING).load(Ordering::SeqCst) != 0 {
        let _ = hypercall::xen_version();
    }
}

/// Whether the upcalls of this virtual CPU are masked.
#[must_use]
pub fn is_masked() -> bool {
    start::vcpu_info().is_none_or(|info| info.u8(VcpuInfo::UPCALL_MASK).load(Ordering::SeqCst) != 0)
}

impl Drop for Masked {
    fn drop(&mut self) {
        if self.unmask {
            unmask();
        }
    }
}
