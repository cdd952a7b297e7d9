//! The state of a virtual CPU.

use core::sync::atomic::Ordering;

use ringwall_abi::Errno;
use ringwall_abi::arch_x86::{VcpuContextFlags, VcpuGuestContext};
use ringwall_abi::domctl::VcpuContext;
use ringwall_hw::memory::guest;

use super::body;
use crate::domain::Domain;
use crate::hypercall::{Call, Result, Stop};
use crate::{context, domain, schedule};

/// `XEN_DOMCTL_setvcpucontext`: gives a virtual CPU a state in place of the one that it has; without a
/// context, takes its state away. Whether it is up is what the context says.
///
/// # Errors
/// `EINVAL` for the caller itself, a virtual CPU that there is not, or what
/// [`context::initialise`] refuses: the virtual CPU is without a state then, and down.
pub(super) fn set(call: &Call<'_>, target: &'static Domain) -> Result {
    let target = call.other_domain(target.id())?;
    let request: VcpuContext = body::read(call)?;
    let vcpu = target.vcpu(request.vcpu).ok_or(Errno::EINVAL)?;
    if !target.life().is_alive() {
        return Err(Errno::EINVAL.into());
    }
    // Copied before anything is changed. On the stack: a heap that is empty would end the machine.
    let context: Option<VcpuGuestContext> = if request.ctxt.is_null() {
        None
    } else {
        Some(guest::read(request.ctxt)?)
    };
    let was_up = vcpu.up.swap(false, Ordering::SeqCst);
    schedule::stop(vcpu);
    if vcpu.initialised.load(Ordering::Acquire) {
        if domain::release_state(vcpu).is_err() {
            vcpu.up.store(was_up, Ordering::SeqCst);
            return Err(Stop::Resume);
        }
        vcpu.initialised.store(false, Ordering::Release);
    }
    let Some(context) = context else { return Ok(0) };
    context::initialise(vcpu, &context)?;
    if context.flags.contains(VcpuContextFlags::ONLINE) {
        vcpu.blocked.store(false, Ordering::SeqCst);
        vcpu.up.store(true, Ordering::SeqCst);
        schedule::start(vcpu);
    }
    Ok(0)
}

/// `XEN_DOMCTL_getvcpucontext`: the state of a virtual CPU, of which it is best that it does not run.
///
/// # Errors
/// `EINVAL` for the caller itself; `ESRCH` for a virtual CPU that there is not; `ENODATA` for one
/// without a state.
pub(super) fn get(call: &Call<'_>, target: &'static Domain) -> Result {
    let target = call.other_domain(target.id())?;
    let request: VcpuContext = body::read(call)?;
    let vcpu = target.vcpu(request.vcpu).ok_or(Errno::ESRCH)?;
    if !vcpu.initialised.load(Ordering::Acquire) {
        return Err(Errno::ENODATA.into());
    }
    guest::write(request.ctxt, &context::describe(vcpu))?;
    Ok(0)
}
