//! The server's thread.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::net::UnixListener;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::client::{Client, Next};
use super::handle::Handle;
use super::options::Options;
use super::outside::Outside;
use super::shared::{Shared, State};
use crate::engine::{ConnectionId, Engine};
use crate::journal::{Journal, Recovered};
use crate::ring::Machine;

const WAKER: Token = Token(0);
const LISTENER: Token = Token(1);
const MACHINE: Token = Token(2);
/// The first token of a socket.
const FIRST_CLIENT: u64 = 3;
/// Sockets at a time.
const CLIENTS_MAX: usize = 1000;
/// Events that are taken at a time.
const EVENTS: usize = 64;

/// A xenstore server.
pub struct Server {
    shared: Arc<Shared>,
    poll: Poll,
    listener: Option<UnixListener>,
    clients: BTreeMap<u64, Client>,
    last_client: u64,
    /// Sockets that need a turn.
    busy: BTreeSet<u64>,
}

impl Server {
    /// Takes over the state that is kept, reaches its domains, and starts to listen. Requests are answered while
    /// [`Server::run`] runs.
    ///
    /// # Errors
    /// The directory or the socket can't be used, another server has them, or the machine can't be reached.
    pub fn open(options: &Options, machine: Box<dyn Machine>) -> io::Result<Self> {
        let (engine, journal) = match &options.directory {
            Some(directory) => {
                let (journal, engine, recovered) = Journal::open(directory, options.quota)?;
                match recovered {
                    Recovered::Nothing => {}
                    Recovered::State { records } => {
                        log::info!("the store goes on: {records} changes taken over")
                    }
                    Recovered::Damaged => {
                        log::error!("the store that was kept can't be read: it starts empty")
                    }
                }
                (engine, Some(journal))
            }
            None => (Engine::new(options.quota), None),
        };
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let outside = Outside {
            machine,
            journal,
            reached: Vec::new(),
            gone: Vec::new(),
        };
        let mut state = State::new(engine, outside);
        if let Some(descriptor) = state.outside.machine.descriptor() {
            poll.registry().register(
                &mut SourceFd(&descriptor.as_raw_fd()),
                MACHINE,
                Interest::READABLE,
            )?;
        }
        state.start()?;
        let listener = options
            .socket
            .as_deref()
            .map(|path| listen(&poll, path))
            .transpose()?;
        Ok(Self {
            shared: Arc::new(Shared::new(state, waker)),
            poll,
            listener,
            clients: BTreeMap::new(),
            last_client: FIRST_CLIENT,
            busy: BTreeSet::new(),
        })
    }

    /// The store, for other threads of this process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Runs the server in a thread of its own, until [`Handle::stop`].
    ///
    /// # Errors
    /// The thread can't be made.
    pub fn spawn(self) -> io::Result<JoinHandle<io::Result<()>>> {
        thread::Builder::new()
            .name("xenstore".into())
            .spawn(|| self.run())
    }

    /// Answers requests until [`Handle::stop`].
    ///
    /// # Errors
    /// There is no more way to wait for requests.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let mut has_work = true;
        loop {
            let timeout = has_work.then_some(Duration::ZERO);
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            let shared = Arc::clone(&self.shared);
            let mut state = shared.lock();
            if state.ends {
                // Another server may have it from now on. What handles change yet is nobody's.
                state.outside.journal = None;
                return Ok(());
            }
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.accept(&mut state),
                    MACHINE => state.take_news(),
                    Token(token) => {
                        let number = u64::try_from(token).unwrap_or(0);
                        if let Some(client) = self.clients.get_mut(&number) {
                            client.note(event.is_readable(), event.is_writable());
                            self.busy.insert(number);
                        }
                    }
                }
            }
            has_work = self.work(&mut state);
        }
    }

    /// Gives everybody who needs one a turn; whether somebody needs another.
    fn work(&mut self, state: &mut State) -> bool {
        state.settle();
        let rings_need_more = state.serve_rings();
        self.busy.extend(state.sockets.drain(..));
        for number in core::mem::take(&mut self.busy) {
            self.serve(number, state);
        }
        rings_need_more || state.settle() || !self.busy.is_empty()
    }

    fn serve(&mut self, number: u64, state: &mut State) {
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        let was_blocked = client.blocked;
        match client.serve(state) {
            Next::Wait => {}
            Next::Turn => drop(self.busy.insert(number)),
            Next::End => {
                self.end(number, state);
                return;
            }
        }
        if client.blocked != was_blocked {
            // Asked for only then: each answer that a client reads would be an event otherwise.
            let interest = if client.blocked {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            let result =
                self.poll
                    .registry()
                    .reregister(&mut client.stream, token(number), interest);
            if let Err(error) = result {
                log::error!("a socket can't be waited for: {error}");
                self.end(number, state);
            }
        }
    }

    fn accept(&mut self, state: &mut State) {
        let Some(listener) = &self.listener else {
            return;
        };
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    log::error!("a connection can't be accepted: {error}");
                    return;
                }
            };
            // Dropped, and so closed, where there are too many.
            if self.clients.len() >= CLIENTS_MAX {
                continue;
            }
            self.last_client = self.last_client.saturating_add(1);
            let number = self.last_client;
            let registry = self.poll.registry();
            if let Err(error) = registry.register(&mut stream, token(number), Interest::READABLE) {
                log::error!("a socket can't be waited for: {error}");
                continue;
            }
            state.engine.connect(ConnectionId::Socket(number));
            self.clients.insert(number, Client::new(number, stream));
            self.busy.insert(number);
        }
    }

    fn end(&mut self, number: u64, state: &mut State) {
        if let Some(mut client) = self.clients.remove(&number) {
            let _ = self.poll.registry().deregister(&mut client.stream);
        }
        state.engine.disconnect(ConnectionId::Socket(number));
    }
}

fn token(number: u64) -> Token {
    Token(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Makes the socket, in place of one that a server left behind.
fn listen(poll: &Poll, path: &Path) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(directory)?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        let name = path.display();
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another server listens on {name}"),
        ));
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut listener = UnixListener::bind(path)?;
    // Who can connect has the control domain's rights.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    Ok(listener)
}
