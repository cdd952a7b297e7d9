//! The thread that serves all consoles.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ringwall_abi::{DomainId, Mfn, Port};
use ringwall_api::Result;
use ringwall_control::{EventChannels, Hypervisor, Protection, SharedMemory};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use super::Console;
use super::bucket::{Bucket, PAUSE};
use super::ring::Ring;
use crate::domain::RingPlace;
use crate::events::now_ms;
use crate::failure::OrFail as _;

/// Serves consoles.
pub(crate) struct Service {
    channels: EventChannels,
    served: Mutex<BTreeMap<u16, Served>>,
    waker: OwnedFd,
}

/// A console that is served.
struct Served {
    port: Port,
    ring: Ring<SharedMemory>,
    bucket: Bucket,
    console: Arc<Console>,
    /// The bucket is empty, and the port masked until it is not.
    is_held: bool,
}

impl Service {
    /// Starts the thread.
    pub(crate) fn start() -> Result<Arc<Self>> {
        let service = Arc::new(Self {
            channels: EventChannels::open().or_fail()?,
            served: Mutex::default(),
            waker: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)
                .map_err(io::Error::from)?,
        });
        let thread = Arc::clone(&service);
        thread::Builder::new()
            .name("consoles".into())
            .spawn(move || thread.run())?;
        Ok(service)
    }

    /// Serves a domain's console from now on. What is in its ring already is taken up.
    pub(crate) fn add(
        &self,
        hypervisor: &Hypervisor,
        domain: DomainId,
        place: RingPlace,
        console: Arc<Console>,
    ) -> Result<()> {
        let frames = [Mfn::new(place.frame)];
        let page = hypervisor
            .map_frames(domain, &frames, Protection::ReadWrite)
            .or_fail()?;
        let port = self
            .channels
            .bind_interdomain(domain, Port::new(place.port))
            .or_fail()?;
        let mut ring = Ring::new(page);
        // What was written down and not let go any more is not taken again.
        if let Some(position) = console.position() {
            ring.go_on(position);
        }
        let served = Served {
            port,
            ring,
            bucket: Bucket::new(Instant::now()),
            console,
            is_held: false,
        };
        let mut all = self.lock();
        all.insert(domain.raw(), served);
        if let Some(served) = all.get_mut(&domain.raw()) {
            self.serve(served);
        }
        // The thread may have to come back to it.
        self.wake();
        Ok(())
    }

    /// Takes what is left in the ring, and lets the console go.
    pub(crate) fn remove(&self, domain: DomainId) {
        let mut all = self.lock();
        let Some(mut served) = all.remove(&domain.raw()) else {
            return;
        };
        self.serve(&mut served);
        if let Err(error) = self.channels.unbind(served.port) {
            log::warn!("the console of domain {domain}: {error}");
        }
    }

    /// Hands input that was typed to a domain.
    pub(crate) fn hand_input(&self, domain: u16) {
        if let Some(served) = self.lock().get_mut(&domain) {
            self.serve(served);
        }
        self.wake();
    }

    fn wake(&self) {
        // It fails where the counter is full, and then the thread wakes up anyway.
        let _ = rustix::io::write(&self.waker, &1_u64.to_ne_bytes());
    }

    fn run(&self) {
        loop {
            let is_held = self.lock().values().any(|served| served.is_held);
            if let Err(error) = self.wait(is_held.then_some(PAUSE)) {
                log::error!("consoles can't be waited for: {error}");
                thread::sleep(Duration::from_secs(1));
            }
            let ports = match self.channels.pending() {
                Ok(ports) => ports,
                Err(error) => {
                    log::error!("consoles: {error}");
                    Vec::new()
                }
            };
            let mut all = self.lock();
            for served in all.values_mut() {
                if served.is_held || ports.contains(&served.port) {
                    self.serve(served);
                }
            }
        }
    }

    fn wait(&self, patience: Option<Duration>) -> io::Result<()> {
        let mut wanted = [
            PollFd::from_borrowed_fd(self.channels.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.waker.as_fd(), PollFlags::IN),
        ];
        let patience = patience.map(rustix::event::Timespec::try_from).transpose();
        match poll(&mut wanted, patience.unwrap_or_default().as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            result => result.map(drop)?,
        }
        let _ = rustix::io::read(&self.waker, &mut [0; 8]);
        Ok(())
    }

    /// Moves bytes both ways, and lets the port have events again if the domain is not being slowed down.
    fn serve(&self, served: &mut Served) {
        let room = served.bucket.room(Instant::now());
        let mut bytes = Vec::new();
        served.ring.output(&mut bytes, room);
        let mut moved = bytes.len();
        if !bytes.is_empty() {
            // What is written down before the ring lets it go is not lost if this process is killed in between.
            let position = served.ring.behind(bytes.len());
            served.console.append(&bytes, position, now_ms());
            served.ring.consume(bytes.len());
        }
        served.bucket.take(bytes.len());
        served.console.with_input(|input| {
            let taken = served.ring.input(input);
            moved += taken;
            taken
        });
        if moved > 0 {
            // A domain that is gone gets no event, and that is noticed elsewhere.
            let _ = self.channels.notify(served.port);
        }
        served.is_held = served.bucket.room(Instant::now()) == 0;
        if !served.is_held {
            let _ = self.channels.unmask(served.port);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u16, Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
