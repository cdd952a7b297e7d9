//! `/dev/xen/evtchn`: event channels of this process.
//!
//! Source: Linux's `xen/evtchn.h`.
// UNSAFETY: ioctls.
#![expect(unsafe_code)]

use std::os::fd::BorrowedFd;

use ringwall_abi::{DomainId, Port};
use rustix::io::Errno;
use rustix::ioctl::Opcode;

use super::ioctl::{ioctl, number};

const BIND_VIRQ: Opcode = number(b'E', 0, 4);
const BIND_INTERDOMAIN: Opcode = number(b'E', 1, 8);
const BIND_UNBOUND: Opcode = number(b'E', 2, 4);
const UNBIND: Opcode = number(b'E', 3, 4);
const NOTIFY: Opcode = number(b'E', 4, 4);

/// What a new port is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding {
    /// A virtual interrupt, by its number.
    Virq(u32),
    /// A port of another domain that is for this one.
    Interdomain(DomainId, Port),
    /// Nothing yet: the other domain binds it.
    Unbound(DomainId),
}

/// Makes a port; its number.
pub(crate) fn bind(device: BorrowedFd<'_>, binding: Binding) -> Result<Port, Errno> {
    let (opcode, mut argument) = match binding {
        Binding::Virq(virq) => (BIND_VIRQ, [virq, 0]),
        Binding::Interdomain(domain, port) => (BIND_INTERDOMAIN, [domain.raw().into(), port.raw()]),
        Binding::Unbound(domain) => (BIND_UNBOUND, [domain.raw().into(), 0]),
    };
    // SAFETY: the ioctls take one or two of these words, without addresses in them.
    let port = unsafe { ioctl(device, opcode, argument.as_mut_ptr()) }?;
    Ok(Port::new(u32::try_from(port).map_err(|_| Errno::RANGE)?))
}

/// Closes a port.
pub(crate) fn unbind(device: BorrowedFd<'_>, port: Port) -> Result<(), Errno> {
    let mut argument = port.raw();
    // SAFETY: the ioctl takes this word, which is no address.
    unsafe { ioctl(device, UNBIND, &raw mut argument) }.map(drop)
}

/// Sends an event.
pub(crate) fn notify(device: BorrowedFd<'_>, port: Port) -> Result<(), Errno> {
    let mut argument = port.raw();
    // SAFETY: the ioctl takes this word, which is no address.
    unsafe { ioctl(device, NOTIFY, &raw mut argument) }.map(drop)
}
