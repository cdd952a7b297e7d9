//! The domain that this kernel runs in, as front ends see it.

use ringwall_abi::{DomainId, Errno, Port};

use super::{Access, Platform, StillMapped};
use crate::grant::{self, table};
use crate::{SharedPage, event, hypercall, memory, time};

/// The domain that this kernel runs in.
///
/// The event channels of front ends have no handler: they are waited for, not listened to, so that
/// nothing of a front end runs in an upcall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guest;

impl Platform for Guest {
    fn grant(&self, domain: DomainId, page: &SharedPage, access: Access) -> Result<u32, Errno> {
        let frame = memory::mfn_of_address(page.address()).ok_or(Errno::EFAULT)?;
        table::grant(frame, domain, access).map_err(|error| match error {
            grant::Error::NoReference => Errno::ENOSPC,
            grant::Error::Refused(error) => errno(error),
            _ => Errno::ENOMEM,
        })
    }

    fn revoke(&self, reference: u32) -> Result<(), StillMapped> {
        if table::revoke(reference) {
            Ok(())
        } else {
            Err(StillMapped)
        }
    }

    fn open_channel(&self, domain: DomainId) -> Result<Port, Errno> {
        hypercall::event_alloc_unbound(DomainId::SELF, domain).map_err(errno)
    }

    fn close_channel(&self, port: Port) {
        // A port that is closed already is what was wanted.
        let _ = hypercall::event_close(port);
        // The next one of this number starts without an event.
        event::clear(port);
    }

    fn notify(&self, port: Port) -> Result<(), Errno> {
        hypercall::event_send(port).map_err(errno)
    }

    fn wait(&self, ports: &[Port], until_ns: u64) {
        // Refused for ports that are none alone: then the caller finds out by what it looks at.
        if event::wait(ports, Some(until_ns)).is_err() {
            hypercall::yield_now();
        }
    }

    fn now_ns(&self) -> u64 {
        time::monotonic_ns()
    }
}

fn errno(error: hypercall::Error) -> Errno {
    error.errno().unwrap_or(Errno::EIO)
}
