//! The thread that serves, and its handle.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use ringwall_guestfile::Mac;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::forward::Forwarder;
use super::leases::{KNOWN_SECONDS, Lease, Leases};
use super::names::{self, Verdict};
use super::{dhcp, file, resolvers, socket};
use crate::Error;
use crate::network::DefaultNetwork;

/// Messages of one socket that are read before the others have their turn.
const TURN: usize = 32;
/// Bytes of the longest message.
const MESSAGE: usize = 4096;

/// Files of the services.
#[derive(Clone, Debug)]
pub struct Files {
    /// Where leases are kept.
    pub leases: PathBuf,
    /// Where dom0's name servers are named: `/etc/resolv.conf`.
    pub resolvers: PathBuf,
}

/// A client took an address, or took it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEvent {
    /// Which, and whose.
    pub lease: Lease,
    /// The guest's name, if the toolstack knows it.
    pub name: Option<String>,
}

/// The services of the default network. They end when this is dropped.
#[derive(Debug)]
pub struct Services {
    shared: Arc<Shared>,
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    leases: Mutex<Leases>,
    files: Files,
    domain: String,
}

impl Services {
    /// Starts them. Each lease is told to `events`, unless that is full: guests must not fill memory.
    ///
    /// # Errors
    /// [`Error::Service`] where another program has the port, [`Error::Leases`].
    pub fn start(
        network: &DefaultNetwork,
        files: Files,
        events: Option<SyncSender<LeaseEvent>>,
    ) -> Result<Self, Error> {
        let (own, bridge) = (network.settings().address, &network.bridge().name);
        let fail = |service, place: String| {
            move |source| Error::Service {
                service,
                place,
                source,
            }
        };
        let leases = Leases::new(own, file::load(&files.leases)?);
        let dhcp = socket::dhcp(bridge).map_err(fail("DHCP", bridge.clone()))?;
        let place = own.addr().to_string();
        let names = socket::names(own.addr()).map_err(fail("name service", place.clone()))?;
        let shared = Arc::new(Shared {
            leases: Mutex::new(leases),
            files,
            domain: network.settings().domain.clone(),
        });
        let stop = eventfd(0, EventfdFlags::CLOEXEC);
        let stop = Arc::new(stop.map_err(|error| fail("thread", place.clone())(error.into()))?);
        let server = Server {
            shared: Arc::clone(&shared),
            stop: Arc::clone(&stop),
            dhcp,
            names,
            forwarder: Forwarder::default(),
            events,
        };
        let thread = std::thread::Builder::new().name("network".to_owned());
        let thread = thread
            .spawn(move || server.run())
            .map_err(fail("thread", place))?;
        Ok(Self {
            shared,
            stop,
            thread: Some(thread),
        })
    }

    /// Makes a guest's card known: it gets this address, fixed or not, and a name.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Leases`].
    pub fn add(&self, mac: Mac, name: &str, fixed: Option<Ipv4Addr>) -> Result<Ipv4Addr, Error> {
        let mut leases = self.shared.leases();
        let address = leases.add(mac, name, fixed, now())?;
        self.shared.save(&leases)?;
        Ok(address)
    }

    /// Forgets a guest's card. Its address waits for it.
    pub fn remove(&self, mac: Mac) {
        self.shared.leases().remove(mac);
    }

    /// What was given and is remembered.
    #[must_use]
    pub fn leases(&self) -> Vec<LeaseEvent> {
        let leases = self.shared.leases();
        let all = leases.iter().map(|(lease, name)| LeaseEvent {
            lease,
            name: name.map(str::to_owned),
        });
        all.collect()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // An eventfd takes this unless it is near overflow.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn leases(&self) -> MutexGuard<'_, Leases> {
        // The table is whole between two calls of it.
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, leases: &Leases) -> Result<(), Error> {
        file::save(
            &self.files.leases,
            leases.iter().map(|(lease, _)| lease).collect(),
        )
    }
}

struct Server {
    shared: Arc<Shared>,
    stop: Arc<OwnedFd>,
    dhcp: UdpSocket,
    names: UdpSocket,
    forwarder: Forwarder,
    events: Option<SyncSender<LeaseEvent>>,
}

impl Server {
    fn run(mut self) {
        while !self.wait() {
            self.serve_dhcp();
            self.serve_names();
            for (guest, answer) in self.forwarder.collect(Instant::now()) {
                let _ = self.names.send_to(&answer, guest);
            }
        }
    }

    /// Waits until there is something to do; whether that is to stop.
    fn wait(&self) -> bool {
        let own = [self.stop.as_fd(), self.dhcp.as_fd(), self.names.as_fd()];
        let all = own.into_iter().chain(self.forwarder.sockets());
        let mut sockets: Vec<_> = all
            .map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN))
            .collect();
        let left = self
            .forwarder
            .next_end()
            .map(|end| end.saturating_duration_since(Instant::now()));
        // Rounded up: to wake too early is to wake again.
        let limit = left.map(|left| left + Duration::from_millis(1));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // Interrupted or not: the sockets don't block.
        let _ = poll(&mut sockets, limit.as_ref());
        sockets
            .first()
            .is_some_and(|stop| !stop.revents().is_empty())
    }

    fn serve_dhcp(&mut self) {
        for _ in 0..TURN {
            let mut buffer = [0; MESSAGE];
            let Ok((length, _)) = self.dhcp.recv_from(&mut buffer) else {
                return;
            };
            let message = buffer.get(..length).unwrap_or_default();
            let mut leases = self.shared.leases();
            let before: Vec<_> = leases.iter().map(|(lease, _)| lease).collect();
            let Some(answer) = dhcp::answer(&mut leases, message, &self.shared.domain, now())
            else {
                continue;
            };
            if let Some(lease) = answer.lease {
                let name = leases.name(lease.mac).map(str::to_owned);
                // A client that asks all the time has the disk written rarely.
                if !is_recent(&before, lease) && self.shared.save(&leases).is_err() {
                    // It would be somebody else's after a restart.
                    continue;
                }
                if let Some(events) = &self.events {
                    // Nobody may listen any more.
                    let _ = events.try_send(LeaseEvent { lease, name });
                }
            }
            drop(leases);
            let to = SocketAddrV4::new(answer.to, socket::DHCP_CLIENT);
            let _ = self.dhcp.send_to(&answer.message, to);
        }
    }

    fn serve_names(&mut self) {
        for _ in 0..TURN {
            let mut buffer = [0; MESSAGE];
            let Ok((length, from)) = self.names.recv_from(&mut buffer) else {
                return;
            };
            let question = buffer.get(..length).unwrap_or_default();
            let leases = self.shared.leases();
            // Whoever is outside, by whichever way the packet came, is not served.
            let SocketAddr::V4(guest) = from else {
                continue;
            };
            if !leases.own().contains(guest.ip()) {
                continue;
            }
            let verdict = names::decide(&leases, &self.shared.domain, question);
            let own = leases.own().addr();
            drop(leases);
            let told = match verdict {
                Verdict::Answer(answer) => Some((guest, answer)),
                Verdict::Forward => {
                    // Read each time: it changes when dom0 gets another network.
                    let servers = resolvers::read(&self.shared.files.resolvers, own);
                    self.forwarder.ask(guest, question, servers)
                }
                Verdict::Drop => None,
            };
            if let Some((guest, answer)) = told {
                let _ = self.names.send_to(&answer, guest);
            }
        }
    }
}

/// Whether the file has this lease, and not a much older one.
fn is_recent(before: &[Lease], lease: Lease) -> bool {
    let old = before
        .iter()
        .find(|old| old.mac == lease.mac && old.address == lease.address);
    let fresh = u64::from(KNOWN_SECONDS / 4);
    old.is_some_and(|old| old.expires + fresh > lease.expires)
}

/// Seconds of Unix time.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
