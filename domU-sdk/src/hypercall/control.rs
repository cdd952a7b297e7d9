//! What privileged domains ask: `physdev_op`, `platform_op`, `sysctl`, `domctl`, and Ringwall's own.
//!
//! Their arguments name further memory, by operation: so all but the last are for who reads the ABI.
// UNSAFETY: passes its contracts on.
#![expect(unsafe_code)]

use ringwall_abi::domctl::DomctlRequest;
use ringwall_abi::physdev::PhysdevOp;
use ringwall_abi::platform::PlatformRequest;
use ringwall_abi::ringwall;
use ringwall_abi::sysctl::SysctlRequest;
use ringwall_abi::{Errno, Hypercall};

use super::{Error, Result, address, address_mut, call};

/// Asks about physical devices and interrupts.
///
/// # Safety
///
/// The argument must be the operation's, and what it names fit to be written.
///
/// # Errors
///
/// By operation: `public/physdev.h`.
pub unsafe fn physdev_op<T>(operation: PhysdevOp, argument: &mut T) -> Result {
    let arguments = [operation as u64, address_mut(argument)];
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::PhysdevOp, arguments) }
}

/// Asks of the platform.
///
/// # Safety
///
/// What the request names must be fit to be written.
///
/// # Errors
///
/// `EPERM` where the domain is not privileged, `EACCES` for another version of the interface; else by
/// operation: `public/platform.h`.
pub unsafe fn platform_op(request: &mut PlatformRequest) -> Result {
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::PlatformOp, [address_mut(request)]) }
}

/// Asks of the machine.
///
/// # Safety
///
/// As of [`platform_op`].
///
/// # Errors
///
/// As of [`platform_op`]: `public/sysctl.h`.
pub unsafe fn sysctl(request: &mut SysctlRequest) -> Result {
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::Sysctl, [address_mut(request)]) }
}

/// Asks of a domain.
///
/// # Safety
///
/// As of [`platform_op`].
///
/// # Errors
///
/// As of [`platform_op`]: `public/domctl.h`.
pub unsafe fn domctl(request: &mut DomctlRequest) -> Result {
    // SAFETY: as the caller promises.
    unsafe { call(Hypercall::Domctl, [address_mut(request)]) }
}

/// Makes Ringwall's own hypercall: an encoded [`Request`](ringwall::Request), and room for the
/// [`Reply`](ringwall::Reply); the part of it that was written.
///
/// # Errors
///
/// `ENOSYS` on other hypervisors; else as [the private hypercall](mod@ringwall_abi::ringwall) says.
pub fn ringwall<'a>(request: &[u8], reply: &'a mut [u8]) -> Result<&'a [u8]> {
    let arguments = [
        address(request),
        request.len() as u64,
        address_mut(reply),
        reply.len() as u64,
    ];
    // SAFETY: the hypervisor reads the request, and writes no more than there is room for.
    let length = unsafe { call(ringwall::NUMBER, arguments) }?;
    reply
        .get(..crate::memory::word(length))
        .ok_or(Error::before(ringwall::NUMBER, Errno::EOVERFLOW))
}
