//! Event channels of this process.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Port};
use rustix::fs::OFlags;

use crate::sys::{self, Binding};
use crate::{Error, Result};

const EVTCHN: &str = "/dev/xen/evtchn";
/// Ports that one read takes.
const AT_ONCE: usize = 64;

/// Ports of dom0 that belong to this value, and are closed with it: Linux's `/dev/xen/evtchn`.
///
/// Its file is readable while a port is pending: poll [`AsFd::as_fd`]. A port that [`EventChannels::pending`]
/// named stays masked until [`EventChannels::unmask`].
#[derive(Debug)]
pub struct EventChannels {
    device: File,
}

impl EventChannels {
    /// Opens the device; no read of it blocks.
    ///
    /// # Errors
    /// `ENOENT`: this is no dom0, or module `xen-evtchn` is not loaded; `EACCES`.
    pub fn open() -> Result<Self> {
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
        let device = File::options()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(EVTCHN)
            .map_err(|error| Error::from_io(EVTCHN, &error))?;
        Ok(Self { device })
    }

    /// Binds a new port to a port of another domain, which made it for this one.
    ///
    /// # Errors
    /// `EINVAL`: that port is not for this domain to bind; `ESRCH`: there is no such domain; `ENOSPC`.
    #[doc(alias = "IOCTL_EVTCHN_BIND_INTERDOMAIN")]
    pub fn bind_interdomain(&self, domain: DomainId, port: Port) -> Result<Port> {
        self.bind(Binding::Interdomain(domain, port))
            .map_err(|error| error.of(domain))
    }

    /// Makes a port that another domain may bind.
    ///
    /// # Errors
    /// `ENOSPC`: no port is left.
    #[doc(alias = "IOCTL_EVTCHN_BIND_UNBOUND_PORT")]
    pub fn bind_unbound(&self, domain: DomainId) -> Result<Port> {
        self.bind(Binding::Unbound(domain))
            .map_err(|error| error.of(domain))
    }

    /// Binds a new port to a virtual interrupt, as [`Virq::DomExc`], by which the hypervisor tells that a domain
    /// has ended.
    ///
    /// # Errors
    /// `EEXIST`, `EBUSY`: another has it; `EINVAL`.
    #[doc(alias = "IOCTL_EVTCHN_BIND_VIRQ")]
    pub fn bind_virq(&self, virq: Virq) -> Result<Port> {
        self.bind(Binding::Virq(virq.number()))
    }

    fn bind(&self, binding: Binding) -> Result<Port> {
        sys::bind(self.as_fd(), binding).map_err(|errno| Error::from_system(EVTCHN, errno))
    }

    /// Closes a port.
    ///
    /// # Errors
    /// `ENOTCONN`, `EINVAL`: it is none of this value's.
    #[doc(alias = "IOCTL_EVTCHN_UNBIND")]
    pub fn unbind(&self, port: Port) -> Result<()> {
        sys::unbind(self.as_fd(), port).map_err(|errno| Error::from_system(EVTCHN, errno))
    }

    /// Sends an event to the other end of a port.
    ///
    /// # Errors
    /// `ENOTCONN`: it is none of this value's.
    #[doc(alias = "IOCTL_EVTCHN_NOTIFY")]
    pub fn notify(&self, port: Port) -> Result<()> {
        sys::notify(self.as_fd(), port).map_err(|errno| Error::from_system(EVTCHN, errno))
    }

    /// The ports that had events, at most 64; none if there were none. They are masked now.
    ///
    /// # Errors
    /// `EFBIG`: more ports were pending than the device keeps, and some events are lost.
    pub fn pending(&self) -> Result<Vec<Port>> {
        let mut bytes = [0; 4 * AT_ONCE];
        let length = match (&self.device).read(&mut bytes) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(Error::from_io(EVTCHN, &error)),
        };
        let (ports, _) = bytes.get(..length).unwrap_or_default().as_chunks();
        Ok(ports
            .iter()
            .map(|port| Port::new(u32::from_ne_bytes(*port)))
            .collect())
    }

    /// Lets a port have events again, after what it told of was looked at: an event in between is not lost.
    ///
    /// # Errors
    /// `EIO`: the device took less than a port.
    pub fn unmask(&self, port: Port) -> Result<()> {
        (&self.device)
            .write_all(&port.raw().to_ne_bytes())
            .map_err(|error| Error::from_io(EVTCHN, &error))
    }
}

impl AsFd for EventChannels {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}
