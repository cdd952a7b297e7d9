//! dom0 as the machine of a server: its event channels, domains' pages, and its own kernel's ring.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ringwall_abi::domctl::DomainFlags;
use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Errno, Mfn, Port};
use ringwall_control::{EventChannels, Hypervisor, Protection, Result, SharedMemory};

use crate::request::Introduction;
use crate::ring::{Condition, Machine, News, RingPage};

/// dom0's own ring, as its kernel shows it (Linux's `drivers/xen/xenfs/xenstored.c`).
const OWN_RING: &str = "/proc/xen/xsd_kva";
/// The port that goes with it.
const OWN_PORT: &str = "/proc/xen/xsd_port";

/// dom0, as the store's server sees it.
pub struct ControlDomain {
    hypervisor: Arc<Hypervisor>,
    channels: EventChannels,
    /// Where the hypervisor tells that a domain has ended.
    ended: Port,
    /// By domain, the port that goes with its ring.
    ports: BTreeMap<u16, Port>,
}

impl ControlDomain {
    /// Opens the event channels.
    ///
    /// # Errors
    /// The device can't be opened, or another process has the interrupt by which domains' ends are told.
    pub fn open(hypervisor: Arc<Hypervisor>) -> Result<Self> {
        let channels = EventChannels::open()?;
        let ended = channels.bind_virq(Virq::DomExc)?;
        Ok(Self {
            hypervisor,
            channels,
            ended,
            ports: BTreeMap::new(),
        })
    }

    fn domain_of(&self, port: Port) -> Option<u16> {
        let mut ports = self.ports.iter();
        ports
            .find(|(_, other)| **other == port)
            .map(|(domain, _)| *domain)
    }
}

impl Machine for ControlDomain {
    fn control_domain(&mut self) -> io::Result<Option<Introduction>> {
        let text = match fs::read_to_string(OWN_PORT) {
            Ok(text) => text,
            // A kernel whose store is elsewhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let port = text.trim().parse().map_err(io::Error::other)?;
        Ok(Some(Introduction {
            domain: DomainId::DOM0,
            // It is mapped by its file.
            frame: 0,
            port,
        }))
    }

    fn reach(&mut self, introduction: &Introduction) -> io::Result<Box<dyn RingPage>> {
        let domain = introduction.domain;
        self.let_go(domain);
        let page = if domain == DomainId::DOM0 {
            let file = File::options().read(true).write(true).open(OWN_RING)?;
            SharedMemory::of_file(&file, 1, Protection::ReadWrite)
        } else {
            let frames = [Mfn::new(introduction.frame)];
            self.hypervisor
                .map_frames(domain, &frames, Protection::ReadWrite)
        };
        let page = page.map_err(io::Error::other)?;
        let port = self
            .channels
            .bind_interdomain(domain, Port::new(introduction.port))
            .map_err(io::Error::other)?;
        self.ports.insert(domain.raw(), port);
        Ok(Box::new(StorePage { page }))
    }

    fn let_go(&mut self, domain: DomainId) {
        if let Some(port) = self.ports.remove(&domain.raw())
            && let Err(error) = self.channels.unbind(port)
        {
            log::warn!("the store's port of domain {domain}: {error}");
        }
    }

    fn notify(&mut self, domain: DomainId) {
        if let Some(port) = self.ports.get(&domain.raw()) {
            // A domain that is gone is noticed elsewhere.
            let _ = self.channels.notify(*port);
        }
    }

    fn news(&mut self, into: &mut Vec<News>) -> io::Result<()> {
        // Until there are none: the device wakes its reader up only where it was empty before an event. One that comes
        // while others are read wakes nobody, and while it stays there, neither do those behind it. There is an end:
        // ports that were read are masked.
        let mut ports = Vec::new();
        loop {
            let more = self.channels.pending().map_err(io::Error::other)?;
            if more.is_empty() {
                break;
            }
            ports.extend(more);
        }
        for port in ports {
            // Unmasked before the ring is looked at: an event that comes meanwhile is news again.
            self.channels.unmask(port).map_err(io::Error::other)?;
            if port == self.ended {
                into.push(News::Domains);
            } else if let Some(domain) = self.domain_of(port) {
                into.push(News::Ring(DomainId::new(domain)));
            }
        }
        Ok(())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.channels.as_fd())
    }

    fn condition(&mut self, domain: DomainId) -> Condition {
        match self.hypervisor.domain_info(domain) {
            Ok(info) if info.flags.contains(DomainFlags::DYING) => Condition::Gone,
            Ok(info) if info.flags.contains(DomainFlags::SHUTDOWN) => Condition::ShutDown,
            Ok(_) => Condition::Running,
            Err(error) if error.is(Errno::ESRCH) => Condition::Gone,
            // It cannot be found out now: nothing is taken from a domain for that.
            Err(_) => Condition::Running,
        }
    }
}

/// A domain's ring.
struct StorePage {
    page: SharedMemory,
}

impl RingPage for StorePage {
    fn read(&self, offset: usize, into: &mut [u8]) {
        if self.page.read(offset, into).is_err() {
            into.fill(0);
        }
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        // What lies outside is not written.
        let _ = self.page.write(offset, bytes);
    }

    fn load(&self, offset: usize) -> u32 {
        let word = self.page.u32_at(offset);
        word.map_or(0, |word| word.load(Ordering::Acquire))
    }

    fn store(&self, offset: usize, value: u32) {
        if let Ok(word) = self.page.u32_at(offset) {
            word.store(value, Ordering::Release);
        }
    }
}
