//! Domains against the server, by their rings, on a machine that this test is.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ringwall_abi::DomainId;
use ringwall_xenstore::{
    Access, Condition, Error, Handle, Introduction, Machine, News, Options, Permission,
    RELEASE_DOMAIN, RingPage, Server,
};

const DOMAIN: DomainId = DomainId::new(1);
const LIMIT: Duration = Duration::from_secs(20);

/// Places in the page: `public/io/xs_wire.h`.
const RESPONSES: usize = 1024;
const REQ_PROD: usize = 2052;
const RSP_CONS: usize = 2056;
const RSP_PROD: usize = 2060;

const READ: u32 = 2;
const WATCH: u32 = 4;
const WATCH_EVENT: u32 = 15;
const ERROR: u32 = 16;

/// The machine, which outlives servers.
#[derive(Clone, Default)]
struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    pages: BTreeMap<u16, Page>,
    conditions: BTreeMap<u16, Condition>,
    news: Vec<News>,
    bell: Option<UnixStream>,
    notified: usize,
}

/// A page that is reached byte by byte but for its indices.
#[derive(Clone)]
struct Page {
    bytes: Arc<[AtomicU8]>,
    words: Arc<[AtomicU32]>,
}

/// The machine as a server has it.
struct Fake {
    world: World,
    bell: UnixStream,
}

impl World {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }

    fn machine(&self) -> Box<dyn Machine> {
        let (bell, other) = UnixStream::pair().expect("a pair");
        bell.set_nonblocking(true).expect("a socket");
        self.lock().bell = Some(other);
        Box::new(Fake {
            world: self.clone(),
            bell,
        })
    }

    fn tell(&self, news: News) {
        let mut state = self.lock();
        state.news.push(news);
        if let Some(bell) = &mut state.bell {
            // It fails where no server runs.
            let _ = bell.write_all(&[1]);
        }
    }

    fn page(&self) -> Page {
        self.lock()
            .pages
            .entry(DOMAIN.raw())
            .or_insert_with(Page::new)
            .clone()
    }
}

impl Page {
    fn new() -> Self {
        Self {
            bytes: (0..2048).map(|_| AtomicU8::new(0)).collect(),
            words: (0..512).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        &self.words[(offset - 2048) / 4]
    }
}

impl RingPage for Page {
    fn read(&self, offset: usize, into: &mut [u8]) {
        for (byte, place) in into.iter_mut().zip(&self.bytes[offset..]) {
            *byte = place.load(Ordering::Relaxed);
        }
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        for (byte, place) in bytes.iter().zip(&self.bytes[offset..]) {
            place.store(*byte, Ordering::Relaxed);
        }
    }

    fn load(&self, offset: usize) -> u32 {
        self.word(offset).load(Ordering::Acquire)
    }

    fn store(&self, offset: usize, value: u32) {
        self.word(offset).store(value, Ordering::Release);
    }
}

impl Machine for Fake {
    fn control_domain(&mut self) -> io::Result<Option<Introduction>> {
        Ok(None)
    }

    fn reach(&mut self, introduction: &Introduction) -> io::Result<Box<dyn RingPage>> {
        match introduction.frame {
            0 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(Box::new(self.world.page())),
        }
    }

    fn let_go(&mut self, _: DomainId) {}

    fn notify(&mut self, _: DomainId) {
        self.world.lock().notified += 1;
    }

    fn news(&mut self, into: &mut Vec<News>) -> io::Result<()> {
        while let Ok(1..) = self.bell.read(&mut [0; 64]) {}
        into.append(&mut self.world.lock().news);
        Ok(())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.bell.as_fd())
    }

    fn condition(&mut self, domain: DomainId) -> Condition {
        let state = self.world.lock();
        *state
            .conditions
            .get(&domain.raw())
            .unwrap_or(&Condition::Running)
    }
}

/// The domain's side.
struct Domain<'a> {
    world: &'a World,
    page: Page,
}

impl Domain<'_> {
    fn send(&self, kind: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("small");
        let mut message = Vec::new();
        for word in [kind, 7, 0, length] {
            message.extend_from_slice(&word.to_le_bytes());
        }
        message.extend_from_slice(payload);
        let at = self.page.load(REQ_PROD);
        for (index, byte) in (at..).zip(&message) {
            self.page.write(index as usize % 1024, &[*byte]);
        }
        let end = at.wrapping_add(u32::try_from(message.len()).expect("small"));
        self.page.store(REQ_PROD, end);
        self.world.tell(News::Ring(DOMAIN));
    }

    /// The next message.
    fn receive(&self) -> (u32, Vec<u8>) {
        let header = self.bytes(16);
        let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four"));
        (word(0), self.bytes(word(12) as usize))
    }

    fn bytes(&self, count: usize) -> Vec<u8> {
        let (mut bytes, start) = (Vec::new(), Instant::now());
        while bytes.len() < count {
            assert!(start.elapsed() < LIMIT, "nothing comes");
            let cons = self.page.load(RSP_CONS);
            if self.page.load(RSP_PROD) == cons {
                std::thread::yield_now();
                continue;
            }
            let mut byte = [0];
            self.page.read(RESPONSES + cons as usize % 1024, &mut byte);
            bytes.push(byte[0]);
            self.page.store(RSP_CONS, cons.wrapping_add(1));
        }
        bytes
    }
}

struct Running {
    handle: Handle,
    thread: JoinHandle<io::Result<()>>,
}

impl Running {
    fn new(world: &World, directory: &Path) -> Self {
        let options = Options {
            directory: Some(directory.to_owned()),
            ..Options::default()
        };
        let server = Server::open(&options, world.machine()).expect("a server");
        Self {
            handle: server.handle(),
            thread: server.spawn().expect("a thread"),
        }
    }

    fn stop(self) {
        self.handle.stop();
        self.thread.join().expect("no panic").expect("no error");
    }
}

fn introduce(handle: &Handle) {
    let list = [Permission {
        domain: DOMAIN,
        access: Access::None,
    }];
    let made = handle.transaction(|nodes| {
        nodes.make_directory("/local/domain/1")?;
        nodes.set_permissions("/local/domain/1", &list)
    });
    assert_eq!(made, Ok(()));
    let introduction = Introduction {
        domain: DOMAIN,
        frame: 5,
        port: 3,
    };
    assert_eq!(handle.introduce(&introduction), Ok(()));
}

#[test]
fn a_domain_does_not_notice_that_the_server_is_started_again() {
    let (world, directory) = (World::default(), tempfile::tempdir().expect("a directory"));
    let running = Running::new(&world, directory.path());
    introduce(&running.handle);
    let domain = Domain {
        world: &world,
        page: world.page(),
    };
    domain.send(WATCH, b"a\0t\0");
    assert_eq!(domain.receive(), (WATCH, b"OK\0".to_vec()));
    assert_eq!(domain.receive(), (WATCH_EVENT, b"a\0t\0".to_vec()));
    running
        .handle
        .write("/local/domain/1/a", "1")
        .expect("a node");
    assert_eq!(domain.receive(), (WATCH_EVENT, b"a\0t\0".to_vec()));
    running.stop();
    // It asks while nobody is there.
    domain.send(READ, b"a\0");
    let running = Running::new(&world, directory.path());
    assert_eq!(domain.receive(), (READ, b"1".to_vec()));
    running
        .handle
        .write("/local/domain/1/a/b", "2")
        .expect("a node");
    assert_eq!(domain.receive(), (WATCH_EVENT, b"a/b\0t\0".to_vec()));
    assert!(world.lock().notified > 0);
    running.stop();
}

#[test]
fn the_end_of_a_domain_is_told_and_cleans_up() {
    let (world, directory) = (World::default(), tempfile::tempdir().expect("a directory"));
    let running = Running::new(&world, directory.path());
    introduce(&running.handle);
    let watcher = running.handle.watch(RELEASE_DOMAIN).expect("a watch");
    let next = || watcher.next_within(LIMIT).ok();
    assert_eq!(next().as_deref(), Some(RELEASE_DOMAIN));
    let condition = |condition| {
        world.lock().conditions.insert(DOMAIN.raw(), condition);
        world.tell(News::Domains);
    };
    condition(Condition::ShutDown);
    assert_eq!(next().as_deref(), Some(RELEASE_DOMAIN));
    assert!(running.handle.is_introduced(DOMAIN));
    condition(Condition::Gone);
    assert_eq!(next().as_deref(), Some(RELEASE_DOMAIN));
    assert!(!running.handle.is_introduced(DOMAIN));
    assert_eq!(running.handle.read("/local/domain/1"), Err(Error::NotFound));
    running.stop();
}

#[test]
fn a_domain_that_went_while_no_server_ran_is_noticed() {
    let (world, directory) = (World::default(), tempfile::tempdir().expect("a directory"));
    let running = Running::new(&world, directory.path());
    introduce(&running.handle);
    running.stop();
    world
        .lock()
        .conditions
        .insert(DOMAIN.raw(), Condition::Gone);
    let running = Running::new(&world, directory.path());
    assert!(!running.handle.is_introduced(DOMAIN));
    assert_eq!(running.handle.read("/local/domain/1"), Err(Error::NotFound));
    running.stop();
}

#[test]
fn a_domain_without_a_ring_is_not_introduced() {
    let (world, directory) = (World::default(), tempfile::tempdir().expect("a directory"));
    let running = Running::new(&world, directory.path());
    let introduction = Introduction {
        domain: DOMAIN,
        frame: 0,
        port: 3,
    };
    assert_eq!(running.handle.introduce(&introduction), Err(Error::Io));
    assert!(!running.handle.is_introduced(DOMAIN));
    running.stop();
}

#[test]
fn broken_requests_get_errors_and_the_rest_goes_on() {
    let (world, directory) = (World::default(), tempfile::tempdir().expect("a directory"));
    let running = Running::new(&world, directory.path());
    introduce(&running.handle);
    let domain = Domain {
        world: &world,
        page: world.page(),
    };
    domain.send(99, b"");
    assert_eq!(domain.receive(), (ERROR, b"ENOSYS\0".to_vec()));
    domain.send(READ, b"no end");
    assert_eq!(domain.receive(), (ERROR, b"EINVAL\0".to_vec()));
    domain.send(READ, b"/\0");
    assert_eq!(domain.receive(), (ERROR, b"EACCES\0".to_vec()));
    running.stop();
}

#[test]
fn a_transaction_of_a_handle_is_whole_or_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::new(&World::default(), directory.path());
    let watcher = running.handle.watch("/a").expect("a watch");
    assert_eq!(watcher.next().as_deref(), Some("/a"));
    let failed: Result<(), Error> = running.handle.transaction(|nodes| {
        nodes.write("/a/b", "1")?;
        Err(Error::Busy)
    });
    assert_eq!(failed, Err(Error::Busy));
    assert_eq!(running.handle.read("/a/b"), Err(Error::NotFound));
    let made = running.handle.transaction(|nodes| {
        nodes.write("/a/b", "1")?;
        nodes.write("/a/c", "2")?;
        nodes.directory("/a")
    });
    assert_eq!(made, Ok(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(watcher.next().as_deref(), Some("/a/b"));
    assert_eq!(watcher.next().as_deref(), Some("/a/c"));
    assert_eq!(watcher.pending().count(), 0);
    running.stop();
}
