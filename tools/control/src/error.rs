//! Why an operation failed: what was tried, for whom, the error, and what to do about it.

use core::fmt;

use ringwall_abi::{DomainId, Errno};

/// An operation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    operation: &'static str,
    domain: Option<DomainId>,
    number: i32,
}

/// What an operation of this crate answers.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// The failure of an operation on the machine or a device.
    #[must_use]
    pub const fn new(operation: &'static str, errno: Errno) -> Self {
        Self {
            operation,
            domain: None,
            number: errno as i32,
        }
    }

    /// The same, of an operation on a domain.
    #[must_use]
    pub const fn of(self, domain: DomainId) -> Self {
        Self {
            domain: Some(domain),
            ..self
        }
    }

    pub(crate) fn from_system(operation: &'static str, errno: rustix::io::Errno) -> Self {
        Self {
            operation,
            domain: None,
            number: errno.raw_os_error(),
        }
    }

    pub(crate) fn from_io(operation: &'static str, error: &std::io::Error) -> Self {
        Self {
            operation,
            domain: None,
            number: error.raw_os_error().unwrap_or(Errno::EIO as i32),
        }
    }

    /// What was tried: the header's name of a hypercall's subfunction, or a device's file.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// The domain that it was tried on, if it was one.
    #[must_use]
    pub const fn domain(&self) -> Option<DomainId> {
        self.domain
    }

    /// The error, or `None` if it is one of Linux that the ABI does not have.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        Errno::from_number(u64::try_from(self.number).ok()?)
    }

    /// Whether the error is this one.
    #[must_use]
    pub fn is(&self, errno: Errno) -> bool {
        self.errno() == Some(errno)
    }

    /// What most likely helps, if that is known.
    fn remedy(&self) -> Option<&'static str> {
        let device = self.operation.starts_with("/dev/");
        Some(match (self.errno()?, device) {
            (Errno::ENOENT, true) => {
                "run this in dom0, with the modules xen-privcmd, xen-evtchn and xen-gntdev loaded"
            }
            (Errno::ENODEV | Errno::ENXIO, true) => "this Linux does not run on Xen or Ringwall",
            (Errno::EACCES | Errno::EPERM, true) => "run this as root",
            (Errno::ENOSYS | Errno::EOPNOTSUPP, false) => {
                "this hypervisor does not have the operation"
            }
            (Errno::EPERM, false) => "only dom0 may do this",
            (Errno::EACCES, false) => {
                "the hypervisor's control interface must be version 0x15, that of Xen 4.17"
            }
            (Errno::ESRCH, false) => "list the domains",
            (Errno::ENOMEM | Errno::E2BIG, false) => "end a domain, or give this one less memory",
            _ => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        if let Some(domain) = self.domain {
            write!(f, " of {domain}")?;
        }
        match self.errno() {
            Some(errno) => write!(f, ": {errno}")?,
            None => write!(f, ": {}", std::io::Error::from_raw_os_error(self.number))?,
        }
        match self.remedy() {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_operation_domain_cause_and_remedy() {
        let error = Error::new("XEN_DOMCTL_max_mem", Errno::ESRCH).of(DomainId::new(7));
        assert_eq!(
            error.to_string(),
            "XEN_DOMCTL_max_mem of d7: there is no such domain (ESRCH); list the domains"
        );
        assert!(error.is(Errno::ESRCH));
    }

    #[test]
    fn errors_of_linux_alone_have_linux_words() {
        let error = Error {
            operation: "/dev/xen/evtchn",
            domain: None,
            number: 27,
        };
        assert_eq!(error.errno(), None);
        assert!(error.to_string().contains("os error 27"), "{error}");
    }
}
