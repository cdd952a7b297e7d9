//! The state behind its lock, and how the server's thread learns that there is something to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::Waker;
use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::MessageHeader;

use super::outside::{ForDomain, ForProcess, Outside};
use super::watcher::{self, Listener};
use crate::engine::{ConnectionId, Engine};
use crate::error::Result;
use crate::ring::{Condition, News, Ring};

/// What all threads have.
pub(super) struct Shared {
    state: Mutex<State>,
    waker: Waker,
}

/// All that the lock protects.
pub(super) struct State {
    pub(super) engine: Engine,
    pub(super) outside: Outside,
    rings: BTreeMap<DomainId, Ring>,
    /// Domains whose rings are to be looked at.
    pub(super) busy: BTreeSet<DomainId>,
    /// Sockets for which something came.
    pub(super) sockets: Vec<u64>,
    /// Where events of handles' watches go.
    pub(super) listeners: BTreeMap<u64, Listener>,
    last_listener: u64,
    /// Whether the thread is to end.
    pub(super) ends: bool,
}

impl Shared {
    pub(super) const fn new(state: State, waker: Waker) -> Self {
        Self {
            state: Mutex::new(state),
            waker,
        }
    }

    /// The state, for the server's thread.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked in here left no half-made change: those are made in one step each.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the state, and wakes the server's thread if that has to act on it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let (result, has_work) = {
            let mut state = self.lock();
            let result = act(&mut state);
            (result, state.settle())
        };
        if has_work {
            self.wake();
        }
        result
    }

    /// Lets the server's thread look at the state.
    pub(super) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!("the store's thread can't be woken: {error}");
        }
    }
}

impl State {
    pub(super) fn new(engine: Engine, outside: Outside) -> Self {
        Self {
            engine,
            outside,
            rings: BTreeMap::new(),
            busy: BTreeSet::new(),
            sockets: Vec::new(),
            listeners: BTreeMap::new(),
            last_listener: 0,
            ends: false,
        }
    }

    /// Reaches the domains that the state knows, and the control domain's kernel.
    pub(super) fn start(&mut self) -> io::Result<()> {
        let own = self.outside.machine.control_domain()?;
        let known = self
            .engine
            .introductions()
            .filter(|known| known.domain != DomainId::DOM0);
        for introduction in known.collect::<Vec<_>>() {
            let domain = introduction.domain;
            if self.outside.machine.condition(domain) == Condition::Gone {
                self.engine.end(domain, &mut ForProcess(&mut self.outside));
            } else {
                // It fails where its ring can't be mapped, which is logged: what it has in the store stays.
                let _ = self.outside.map(&introduction);
            }
        }
        if let Some(own) = own {
            // It fails where its ring can't be mapped, which was logged: sockets work without it.
            let _ = self.introduce(&own);
        }
        self.settle();
        self.look_at_domains();
        Ok(())
    }

    /// Takes in a domain.
    pub(super) fn introduce(&mut self, introduction: &crate::Introduction) -> Result<()> {
        self.engine
            .request_introduction(introduction, &mut ForProcess(&mut self.outside))
    }

    /// Carries out a request of a socket.
    pub(super) fn execute(&mut self, id: ConnectionId, header: &MessageHeader, payload: &[u8]) {
        self.engine
            .execute(id, header, payload, &mut ForProcess(&mut self.outside));
    }

    /// Makes what was done count: keeps it, takes over rings that came and went, and sorts out who has something
    /// to be sent. Answers whether the server's thread has something to do.
    pub(super) fn settle(&mut self) -> bool {
        self.outside.settle(&mut self.engine);
        for domain in core::mem::take(&mut self.outside.gone) {
            self.rings.remove(&domain);
            self.busy.remove(&domain);
        }
        for (domain, mut ring) in core::mem::take(&mut self.outside.reached) {
            ring.resume(&mut self.engine, &mut ForDomain(&mut self.outside));
            self.rings.insert(domain, ring);
            self.busy.insert(domain);
            // It may wait for a server: dom0's kernel for the first one, others since the last one ended.
            self.outside.machine.notify(domain);
        }
        if self.engine.has_ready() {
            for id in self.engine.take_ready() {
                match id {
                    ConnectionId::Domain(domain) => drop(self.busy.insert(domain)),
                    ConnectionId::Socket(number) => self.sockets.push(number),
                    ConnectionId::Internal(number) => self.deliver(number),
                }
            }
        }
        !self.busy.is_empty() || !self.sockets.is_empty()
    }

    /// Gives each ring that is to be looked at a turn; true if one of them needs another.
    pub(super) fn serve_rings(&mut self) -> bool {
        for domain in core::mem::take(&mut self.busy) {
            let Some(mut ring) = self.rings.remove(&domain) else {
                continue;
            };
            let progress = ring.serve(&mut self.engine, &mut ForDomain(&mut self.outside));
            self.rings.insert(domain, ring);
            if progress.notify {
                self.outside.machine.notify(domain);
            }
            if progress.more {
                self.busy.insert(domain);
            }
            self.settle();
        }
        !self.busy.is_empty()
    }

    /// Takes in what happened on the machine.
    pub(super) fn take_news(&mut self) {
        let mut news = Vec::new();
        if let Err(error) = self.outside.machine.news(&mut news) {
            log::error!("event channels can't be read: {error}");
        }
        for news in news {
            match news {
                News::Ring(domain) => drop(self.busy.insert(domain)),
                News::Domains => self.look_at_domains(),
            }
        }
    }

    /// A number for a handle's watch.
    pub(super) fn new_listener(&mut self, listener: Listener) -> u64 {
        self.last_listener = self.last_listener.wrapping_add(1);
        self.listeners.insert(self.last_listener, listener);
        self.last_listener
    }

    /// Finds out which domains have shut down or are gone.
    fn look_at_domains(&mut self) {
        for introduction in self.engine.introductions().collect::<Vec<_>>() {
            let domain = introduction.domain;
            if domain == DomainId::DOM0 {
                continue;
            }
            let effects = &mut ForProcess(&mut self.outside);
            match effects.0.machine.condition(domain) {
                Condition::Running => {}
                Condition::ShutDown => self.engine.note_shutdown(domain, effects),
                Condition::Gone => self.engine.end(domain, effects),
            }
            self.settle();
        }
    }

    /// Passes events on to a handle's watch.
    fn deliver(&mut self, number: u64) {
        let mut bytes = Vec::new();
        self.engine
            .take(ConnectionId::Internal(number), &mut bytes, usize::MAX);
        if let Some(listener) = self.listeners.get(&number) {
            for path in watcher::paths(&bytes) {
                listener.tell(path);
            }
        }
    }
}
