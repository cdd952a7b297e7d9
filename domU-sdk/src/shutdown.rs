//! The end of the guest, and its sleep.

use core::fmt;

use ringwall_abi::VcpuId;
use ringwall_abi::sched::ShutdownReason;

use crate::{console, event, hypercall, memory, start, vcpu};

/// Ends the domain for good.
pub fn power_off() -> ! {
    end_for(ShutdownReason::Poweroff)
}

/// Ends the domain, to start anew.
pub fn reboot() -> ! {
    end_for(ShutdownReason::Reboot)
}

/// Ends the domain as crashed: the toolstack may keep it to be looked at, or start it anew.
pub fn crash() -> ! {
    end_for(ShutdownReason::Crash)
}

/// What happens when `main` returns: the end for good.
///
/// As the privileged domain it is a reboot: the machine's power is switched by ACPI, which is a kernel's
/// work, and without it a machine that is told to power off only stands still.
pub fn end() -> ! {
    if start::is_initial_domain() {
        reboot()
    }
    power_off()
}

/// Why a domain could not be suspended, or is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspendError {
    /// It is the privileged domain, with which the machine would end.
    Privileged,
    /// A virtual CPU other than the caller is up: only one that makes the call can be suspended.
    Up(VcpuId),
    /// The start-of-day structure has no frame.
    NoStartInfo,
    /// The hypervisor refuses.
    Refused(hypercall::Error),
    /// The toolstack did not call it off: it restored the domain, whose shared page, ports, grants and
    /// stores are others now. This crate has no way to make them anew; all that was connected is lost.
    Restored,
}

impl fmt::Display for SuspendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Privileged => f.write_str("the privileged domain can't be suspended"),
            Self::Up(vcpu) => write!(f, "virtual CPU {} is up", vcpu.raw()),
            Self::NoStartInfo => f.write_str("the start-of-day structure has no frame"),
            Self::Refused(error) => error.fmt(f),
            Self::Restored => {
                f.write_str("the domain was restored, and all that was connected is lost")
            }
        }
    }
}

impl core::error::Error for SuspendError {}

impl From<hypercall::Error> for SuspendError {
    fn from(error: hypercall::Error) -> Self {
        Self::Refused(error)
    }
}

/// Suspends the domain, as the toolstack [asks for it](crate::xenbus::Request::Suspend): returns when the
/// toolstack has called it off, and everything is as it was.
///
/// All other virtual CPUs have to be down. Upcalls are masked meanwhile; what came is delivered after it.
/// To be saved and restored a domain has to tell its toolstack where its frame list is, which this crate
/// does not: so a suspension can only be called off.
///
/// # Errors
///
/// [`SuspendError`]; all but the last before anything was done.
pub fn suspend() -> Result<(), SuspendError> {
    let info = start::info().ok_or(SuspendError::NoStartInfo)?;
    if start::is_initial_domain() {
        return Err(SuspendError::Privileged);
    }
    let others = (0..vcpu::count()).map(VcpuId::new);
    for other in others.filter(|other| *other != vcpu::current()) {
        if hypercall::vcpu_is_up(other)? {
            return Err(SuspendError::Up(other));
        }
    }
    let place = core::ptr::from_ref(info).addr() as u64;
    let frame = memory::mfn_of_address(place).ok_or(SuspendError::NoStartInfo)?;
    console::flush();
    let masked = event::mask::mask();
    let resumed = hypercall::suspend(frame);
    drop(masked);
    match resumed? {
        0 => Err(SuspendError::Restored),
        _ => Ok(()),
    }
}

fn end_for(reason: ShutdownReason) -> ! {
    console::flush();
    loop {
        let _ = hypercall::shutdown(reason);
    }
}
