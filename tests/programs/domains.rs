//! Makes, fills, runs and destroys domains through `/dev/xen/privcmd`, as a toolstack does, and looks for
//! what is lost on the way. The structures are taken from Xen 4.17's public headers by hand, so that
//! what they say here stays what toolstacks say; it runs on Xen too.

use std::collections::HashMap;
use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::fs::File;
use std::io::Error;
use std::os::fd::AsRawFd as _;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

/// `IOCTL_PRIVCMD_HYPERCALL` and `IOCTL_PRIVCMD_MMAPBATCH_V2` of Linux's `xen/privcmd.h`.
const HYPERCALL: c_ulong = 0x0030_5000;
const MAP_BATCH: c_ulong = 0x0020_5004;
/// Hypercalls.
const MMU_UPDATE: u64 = 1;
const MEMORY_OP: u64 = 12;
const MMUEXT_OP: u64 = 26;
const SCHED_OP: u64 = 29;
const EVENT_CHANNEL_OP: u64 = 32;
const SYSCTL: u64 = 35;
const DOMCTL: u64 = 36;
/// The interface version of 4.17.
const VERSION: u32 = 0x15;
/// `domctl`.
const CREATE: u32 = 1;
const DESTROY: u32 = 2;
const PAUSE: u32 = 3;
const UNPAUSE: u32 = 4;
const GET_INFO: u32 = 5;
const MAX_MEM: u32 = 11;
const SET_CONTEXT: u32 = 12;
const GET_CONTEXT: u32 = 13;
const GET_VCPU_INFO: u32 = 14;
const MAX_VCPUS: u32 = 15;
const SCHEDULER: u32 = 16;
const RESUME: u32 = 27;
const PAGE_TYPES: u32 = 61;
/// Flags of a domain.
const DYING: u32 = 1;
const SHUTDOWN: u32 = 1 << 2;
const PAUSED: u32 = 1 << 3;

const EINVAL: i32 = 22;
const ESRCH: i32 = 3;
const EEXIST: i32 = 17;
const EACCES: i32 = 13;
const PAGE: usize = 4096;
/// Frames of a guest: more than its tables need, few enough for a hundred guests in a few seconds.
const FRAMES: u64 = 512;
/// Where a guest sees its code, and one page later its data.
const CODE: u64 = 0x40_0000;
const DATA: u64 = CODE + 0x1000;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *mut c_void) -> c_int;
    fn mmap(
        at: *mut c_void,
        length: usize,
        rights: c_int,
        flags: c_int,
        file: c_int,
        offset: c_long,
    ) -> *mut c_void;
    fn munmap(at: *mut c_void, length: usize) -> c_int;
}

/// `struct privcmd_hypercall`.
#[repr(C)]
struct Hypercall {
    number: u64,
    arguments: [u64; 5],
}

/// `struct privcmd_mmapbatch_v2`.
#[repr(C)]
struct MapBatch {
    count: u32,
    domain: u16,
    at: u64,
    frames: *const u64,
    errors: *mut i32,
}

struct Toolstack(File);

type Outcome<T = u64> = Result<T, i32>;

/// A structure of the ABI's, in bytes.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn new(length: usize) -> Self {
        Self(vec![0; length])
    }

    fn put<const N: usize>(mut self, offset: usize, bytes: [u8; N]) -> Self {
        self.0[offset..offset + N].copy_from_slice(&bytes);
        self
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.0[offset..offset + 4].try_into().expect("4 bytes"))
    }

    fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.0[offset..offset + 8].try_into().expect("8 bytes"))
    }
}

impl Toolstack {
    fn call(&self, number: u64, arguments: [u64; 5]) -> Outcome {
        let mut call = Hypercall { number, arguments };
        // SAFETY: the request takes a `Hypercall`; what its arguments point to outlives the call.
        let result = unsafe { ioctl(self.0.as_raw_fd(), HYPERCALL, (&raw mut call).cast()) };
        u64::try_from(result).map_err(|_| Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    /// `domctl`: the domain and the structure after it.
    fn domctl(&self, command: u32, domain: u16, body: &Bytes) -> Outcome<(u16, Bytes)> {
        self.versioned_domctl(VERSION, command, domain, body)
    }

    fn versioned_domctl(
        &self,
        version: u32,
        command: u32,
        domain: u16,
        body: &Bytes,
    ) -> Outcome<(u16, Bytes)> {
        let mut request = Bytes::new(16 + 128)
            .put(0, command.to_le_bytes())
            .put(4, version.to_le_bytes())
            .put(8, domain.to_le_bytes());
        request.0[16..16 + body.0.len()].copy_from_slice(&body.0);
        self.call(DOMCTL, [request.0.as_mut_ptr() as u64, 0, 0, 0, 0])?;
        let domain = u16::from_le_bytes([request.0[8], request.0[9]]);
        Ok((domain, Bytes(request.0.split_off(16))))
    }

    fn simple(&self, command: u32, domain: u16) -> Outcome<()> {
        self.domctl(command, domain, &Bytes::new(0)).map(|_| ())
    }

    fn sysctl(&self, command: u32, body: &Bytes) -> Outcome<Bytes> {
        let mut request = Bytes::new(8 + 128)
            .put(0, command.to_le_bytes())
            .put(4, VERSION_SYSCTL.to_le_bytes());
        request.0[8..8 + body.0.len()].copy_from_slice(&body.0);
        self.call(SYSCTL, [request.0.as_mut_ptr() as u64, 0, 0, 0, 0])?;
        Ok(Bytes(request.0.split_off(8)))
    }

    /// Free frames, by `physinfo`.
    fn free_frames(&self) -> u64 {
        self.sysctl(3, &Bytes::new(0)).expect("physinfo").u64(48)
    }

    fn create(&self, domain: u16, change: impl FnOnce(Bytes) -> Bytes) -> Outcome<u16> {
        let request = Bytes::new(64)
            .put(4, *b"a handle of 16 B")
            .put(28, 1u32.to_le_bytes())
            .put(32, 1023u32.to_le_bytes())
            .put(36, 4u32.to_le_bytes())
            .put(44, 1u32.to_le_bytes());
        Ok(self.domctl(CREATE, domain, &change(request))?.0)
    }

    /// Flags, frames, the frame of `shared_info`, online virtual CPUs, and CPU time.
    fn info(&self, domain: u16) -> Outcome<Info> {
        let (found, body) = self.domctl(GET_INFO, domain, &Bytes::new(0))?;
        if found != domain {
            return Err(ESRCH);
        }
        Ok(Info {
            flags: body.u32(4),
            pages: body.u64(8),
            max_pages: body.u64(16),
            shared_info: body.u64(48),
            cpu_time: body.u64(56),
            online: body.u32(64),
        })
    }

    /// Gives a domain frames.
    fn populate(&self, domain: u16, count: u64) -> Outcome<Vec<u64>> {
        let mut list: Vec<u64> = (0..count).collect();
        let request = Bytes::new(32)
            .put(0, (list.as_mut_ptr() as u64).to_le_bytes())
            .put(8, count.to_le_bytes())
            .put(24, domain.to_le_bytes());
        let done = self.call(MEMORY_OP, [6, request.0.as_ptr() as u64, 0, 0, 0])?;
        list.truncate(usize::try_from(done).expect("a length"));
        Ok(list)
    }

    /// Maps frames of a domain, for writing too; the first error, if one can't be.
    fn map(&self, domain: u16, frames: &[u64]) -> Outcome<*mut u64> {
        self.map_for(3, domain, frames)
    }

    /// The same with these rights: 1 to read, 2 to write.
    fn map_for(&self, rights: c_int, domain: u16, frames: &[u64]) -> Outcome<*mut u64> {
        let length = frames.len() * PAGE;
        // SAFETY: a mapping of its own, at an address that the kernel picks.
        let at = unsafe { mmap(null_mut(), length, rights, 1, self.0.as_raw_fd(), 0) };
        assert_ne!(at as isize, -1, "mmap: {}", Error::last_os_error());
        let mut errors = vec![0; frames.len()];
        let mut batch = MapBatch {
            count: u32::try_from(frames.len()).expect("a few"),
            domain,
            at: at as u64,
            frames: frames.as_ptr(),
            errors: errors.as_mut_ptr(),
        };
        // SAFETY: the request takes a `MapBatch`, whose lists are as long as it says.
        let result = unsafe { ioctl(self.0.as_raw_fd(), MAP_BATCH, (&raw mut batch).cast()) };
        let error = errors.iter().find(|error| **error != 0).map(|error| -error);
        match (result, error) {
            (0, None) => Ok(at.cast()),
            (_, error) => {
                unmap(at.cast(), frames.len());
                Err(error.unwrap_or_else(|| Error::last_os_error().raw_os_error().unwrap_or(0)))
            }
        }
    }

    /// Makes a frame a pinned root of a domain's.
    fn pin_root(&self, domain: u16, frame: u64) -> Outcome {
        let operation = Bytes::new(24)
            .put(0, 3u32.to_le_bytes())
            .put(8, frame.to_le_bytes());
        let list = operation.0.as_ptr() as u64;
        self.call(MMUEXT_OP, [list, 1, 0, domain.into(), 0])
    }

    /// A domain with memory, code, and a virtual CPU that would run it.
    fn build(&self, code: &[u8], data: &[u32]) -> Guest {
        let id = self.create(0, |request| request).expect("a domain");
        self.domctl(MAX_VCPUS, id, &Bytes::new(4).put(0, 1u32.to_le_bytes()))
            .expect("virtual CPUs");
        let limit = Bytes::new(8).put(0, (FRAMES * 4).to_le_bytes());
        self.domctl(MAX_MEM, id, &limit).expect("a limit");
        let frames = self.populate(id, FRAMES).expect("memory");
        assert_eq!(frames.len() as u64, FRAMES);
        let [l4, l3, l2, l1, code_frame, data_frame] = frames[..6] else {
            panic!("six frames")
        };
        let at = self.map(id, &frames[..6]).expect("a mapping");
        let write = |page: usize, index: usize, value: u64| {
            // SAFETY: inside the mapping of six pages.
            unsafe { at.add(page * 512 + index).write_volatile(value) };
        };
        // Present, writable, for user code, accessed and dirty.
        let entry = |frame: u64| frame << 12 | 0x67;
        write(0, 0, entry(l3));
        write(1, 0, entry(l2));
        write(2, (CODE >> 21) as usize, entry(l1));
        write(3, 0, entry(code_frame));
        write(3, 1, entry(data_frame));
        for (index, byte) in code.iter().enumerate() {
            // SAFETY: the page of code holds them.
            unsafe { at.cast::<u8>().add(4 * PAGE + index).write_volatile(*byte) };
        }
        for (index, word) in data.iter().enumerate() {
            // SAFETY: the page of data holds them.
            unsafe { at.cast::<u32>().add(5 * 1024 + index).write_volatile(*word) };
        }
        unmap(at, 6);
        self.pin_root(id, l4).expect("a root");
        let context = context(l4);
        let request = Bytes::new(16).put(8, (context.0.as_ptr() as u64).to_le_bytes());
        self.domctl(SET_CONTEXT, id, &request).expect("a context");
        Guest { id, frames }
    }

    /// Waits until a domain has ended by itself; the reason.
    fn wait(&self, id: u16) -> u32 {
        let start = Instant::now();
        loop {
            let flags = self.info(id).expect("the domain").flags;
            if flags & SHUTDOWN != 0 {
                return flags >> 16 & 0xff;
            }
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "flags {flags:#x}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn destroy(&self, id: u16) {
        self.simple(DESTROY, id).expect("to be destroyed");
    }
}

struct Info {
    flags: u32,
    pages: u64,
    max_pages: u64,
    shared_info: u64,
    cpu_time: u64,
    online: u32,
}

struct Guest {
    id: u16,
    frames: Vec<u64>,
}

/// `sysctl` has the same number.
const VERSION_SYSCTL: u32 = 0x15;

fn unmap(at: *mut u64, pages: usize) {
    // SAFETY: a mapping of `map`, which nobody uses any more.
    assert_eq!(unsafe { munmap(at.cast(), pages * PAGE) }, 0);
}

/// `struct vcpu_guest_context`: in its kernel, online, at `CODE`.
fn context(root: u64) -> Bytes {
    Bytes::new(5168)
        .put(512, (1u64 << 2 | 1 << 5).to_le_bytes())
        .put(520 + 128, CODE.to_le_bytes())
        .put(520 + 136, 0xe033u16.to_le_bytes())
        .put(520 + 144, 0x202u64.to_le_bytes())
        .put(520 + 152, (DATA + 0xff0).to_le_bytes())
        .put(520 + 160, 0xe02bu16.to_le_bytes())
        .put(520 + 40, 0x1234_5678u64.to_le_bytes())
        .put(4968, 0xe02bu64.to_le_bytes())
        .put(4976, (DATA + 0xff0).to_le_bytes())
        .put(4984 + 24, (root << 12).to_le_bytes())
}

/// `sched_op(operation, DATA)`, then `after`.
fn sched(operation: u8, after: &[u8]) -> Vec<u8> {
    let mut code = vec![0xbf, operation, 0, 0, 0, 0x48, 0xbe];
    code.extend(DATA.to_le_bytes());
    code.extend([0xb8, SCHED_OP as u8, 0, 0, 0, 0x0f, 0x05]);
    code.extend(after);
    code
}

const UNDEFINED: &[u8] = &[0x0f, 0x0b];
const FOREVER: &[u8] = &[0xeb, 0xfe];
const SHUT_DOWN: u8 = 2;
const BLOCK: u8 = 1;

fn main() {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/xen/privcmd")
        .expect("privcmd");
    let tools = Toolstack(file);
    let tests: [(&str, fn(&Toolstack)); 13] = [
        ("what can't be is refused", refusals),
        ("a domain is what it was made as", description),
        ("a domain ends by itself", ends),
        ("a domain that suspends can go on", resumes),
        ("a domain crashes alone", crashes),
        (
            "a domain is destroyed while it runs, waits, or is paused",
            destroyed_at_any_time,
        ),
        ("a domain's watchdog ends it", watchdogs),
        ("a mapping keeps a domain's frames", lingers),
        ("nothing of a domain is left in its frames", scrubbed),
        ("memory that is claimed is kept", claims),
        ("an event channel goes with its domain", channels),
        ("a domain without power is told so", powerless),
        ("a hundred domains leave nothing behind", cycles),
    ];
    let only: HashMap<String, ()> = std::env::args().skip(1).map(|name| (name, ())).collect();
    for (name, test) in tests {
        if only.is_empty() || only.contains_key(name) {
            println!("domains: {name}");
            test(&tools);
        }
    }
    println!("domains: done");
}

fn refusals(tools: &Toolstack) {
    let wrong = tools.versioned_domctl(VERSION - 1, GET_INFO, 0, &Bytes::new(0));
    assert_eq!(wrong.err(), Some(EACCES), "another version");
    let refused = |change: &dyn Fn(Bytes) -> Bytes| tools.create(0, change);
    assert_eq!(
        refused(&|r| r.put(28, [0; 4])),
        Err(EINVAL),
        "no virtual CPU"
    );
    assert_eq!(
        refused(&|r| r.put(44, [0; 4])),
        Err(EINVAL),
        "grant version 0"
    );
    assert_eq!(
        refused(&|r| r.put(20, [1 << 7, 0, 0, 0x80])),
        Err(EINVAL),
        "unknown flags"
    );
    assert_eq!(
        refused(&|r| r.put(20, [2, 0, 0, 0])),
        Err(EINVAL),
        "HAP without HVM"
    );
    for command in [DESTROY, PAUSE, UNPAUSE, RESUME] {
        assert_eq!(
            tools.simple(command, 0x7000),
            Err(ESRCH),
            "no domain {command}"
        );
        assert_eq!(tools.simple(command, 0), Err(EINVAL), "oneself {command}");
    }
    let id = tools.create(0, |request| request).expect("a domain");
    assert_eq!(
        tools.create(id, |request| request),
        Err(EEXIST),
        "a number in use"
    );
    let two = Bytes::new(4).put(0, 2u32.to_le_bytes());
    assert_eq!(
        tools.domctl(MAX_VCPUS, id, &two).err(),
        Some(EINVAL),
        "too many CPUs"
    );
    let frames = tools.populate(id, 1).expect("an answer");
    assert_eq!(frames.len(), 0, "memory without a limit");
    assert_eq!(tools.simple(UNPAUSE, id), Ok(()));
    assert_eq!(tools.simple(UNPAUSE, id), Err(EINVAL), "not paused");
    tools.destroy(id);
    assert_eq!(tools.info(id).err(), Some(ESRCH), "gone");
    assert_eq!(tools.simple(DESTROY, id), Err(ESRCH), "destroyed twice");
    // A number that the caller picks is what it gets.
    assert_eq!(tools.create(0x6543, |request| request), Ok(0x6543));
    tools.destroy(0x6543);
}

fn description(tools: &Toolstack) {
    let guest = tools.build(&sched(SHUT_DOWN, UNDEFINED), &[0]);
    let info = tools.info(guest.id).expect("the domain");
    assert_eq!(info.flags & (PAUSED | DYING | SHUTDOWN), PAUSED);
    assert_eq!((info.pages, info.max_pages), (FRAMES, FRAMES));
    assert_eq!((info.online, info.cpu_time), (1, 0));
    let body = Bytes::new(24);
    let (_, vcpu) = tools
        .domctl(GET_VCPU_INFO, guest.id, &body)
        .expect("a virtual CPU");
    assert_eq!((vcpu.0[4], vcpu.0[6]), (1, 0), "online, not running");
    // The registers come back as they were given.
    let mut context = Bytes::new(5168);
    let request = Bytes::new(16).put(8, (context.0.as_mut_ptr() as u64).to_le_bytes());
    tools
        .domctl(GET_CONTEXT, guest.id, &request)
        .expect("its context");
    assert_eq!(context.u64(520 + 128), CODE, "rip");
    assert_eq!(context.u64(520 + 40), 0x1234_5678, "rbx");
    assert_eq!(context.u64(4984 + 24), guest.frames[0] << 12, "cr3");
    // A root that is pinned, a table below it, a plain page, and a frame that is not the domain's.
    let mut list = [guest.frames[0], guest.frames[3], guest.frames[9], 0];
    let request = Bytes::new(16)
        .put(0, 4u64.to_le_bytes())
        .put(8, (list.as_mut_ptr() as u64).to_le_bytes());
    tools.domctl(PAGE_TYPES, guest.id, &request).expect("types");
    assert_eq!(
        list.map(|word| word as u32),
        [0xc000_0000, 0x1000_0000, 0, 0xf000_0000]
    );
    // The scheduler's share, of credit2.
    let get = Bytes::new(24)
        .put(0, 6u32.to_le_bytes())
        .put(4, 1u32.to_le_bytes());
    let (_, share) = tools.domctl(SCHEDULER, guest.id, &get).expect("a share");
    assert_eq!((share.u32(8) & 0xffff, share.u32(8) >> 16), (256, 0));
    let put = Bytes::new(24)
        .put(0, 6u32.to_le_bytes())
        .put(8, 512u16.to_le_bytes())
        .put(10, 50u16.to_le_bytes());
    tools
        .domctl(SCHEDULER, guest.id, &put)
        .expect("a new share");
    let (_, share) = tools.domctl(SCHEDULER, guest.id, &get).expect("a share");
    assert_eq!((share.u32(8) & 0xffff, share.u32(8) >> 16), (512, 50));
    // `getdomaininfolist` has dom0 and it.
    let mut list = Bytes::new(4 * 128);
    let request = Bytes::new(24)
        .put(4, 4u32.to_le_bytes())
        .put(8, (list.0.as_mut_ptr() as u64).to_le_bytes());
    let answer = tools.sysctl(6, &request).expect("a list");
    assert_eq!(answer.u32(16), 2, "two domains");
    tools.destroy(guest.id);
}

fn ends(tools: &Toolstack) {
    for reason in [0, 1, 3] {
        let guest = tools.build(&sched(SHUT_DOWN, UNDEFINED), &[reason]);
        tools.simple(UNPAUSE, guest.id).expect("to run");
        assert_eq!(tools.wait(guest.id), reason);
        // A shell until it is destroyed, with all its memory.
        let info = tools.info(guest.id).expect("a shell");
        assert_eq!(info.pages, FRAMES);
        assert!(info.cpu_time > 0);
        tools.destroy(guest.id);
    }
    // And by its toolstack: a guest that knows of nothing.
    let guest = tools.build(FOREVER, &[]);
    tools.simple(UNPAUSE, guest.id).expect("to run");
    let request = Bytes::new(8)
        .put(0, guest.id.to_le_bytes())
        .put(4, 1u32.to_le_bytes());
    tools
        .call(SCHED_OP, [4, request.0.as_ptr() as u64, 0, 0, 0])
        .expect("remote shutdown");
    assert_eq!(tools.wait(guest.id), 1);
    tools.destroy(guest.id);
}

/// After the first end the guest goes on with another one.
fn resumes(tools: &Toolstack) {
    let mut code = sched(SHUT_DOWN, &[]);
    // inc dword [DATA]
    code.extend([0xff, 0x04, 0x25]);
    code.extend((DATA as u32).to_le_bytes());
    code.extend(sched(SHUT_DOWN, UNDEFINED));
    let guest = tools.build(&code, &[2]);
    tools.simple(UNPAUSE, guest.id).expect("to run");
    assert_eq!(tools.wait(guest.id), 2);
    tools.simple(RESUME, guest.id).expect("to go on");
    assert_eq!(tools.wait(guest.id), 3);
    tools.destroy(guest.id);
}

fn crashes(tools: &Toolstack) {
    for code in [UNDEFINED, &[0x8b, 0x04, 0x25, 0, 0, 0, 0]] {
        let guest = tools.build(code, &[]);
        tools.simple(UNPAUSE, guest.id).expect("to run");
        assert_eq!(tools.wait(guest.id), 3);
        tools.destroy(guest.id);
    }
}

fn destroyed_at_any_time(tools: &Toolstack) {
    let waits = sched(BLOCK, &[0xeb, 0xe8]);
    for code in [FOREVER, &waits] {
        let guest = tools.build(code, &[]);
        tools.simple(UNPAUSE, guest.id).expect("to run");
        std::thread::sleep(Duration::from_millis(30));
        let before = tools.info(guest.id).expect("the domain");
        assert!(before.cpu_time > 0 && before.flags & SHUTDOWN == 0);
        tools.simple(PAUSE, guest.id).expect("to pause");
        let paused = tools.info(guest.id).expect("the domain").cpu_time;
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(tools.info(guest.id).expect("the domain").cpu_time, paused);
        tools.simple(UNPAUSE, guest.id).expect("to run");
        tools.destroy(guest.id);
        assert_eq!(tools.info(guest.id).err(), Some(ESRCH));
    }
}

fn lingers(tools: &Toolstack) {
    let guest = tools.build(FOREVER, &[]);
    let shared = tools.info(guest.id).expect("the domain").shared_info;
    let at = tools
        .map(guest.id, &guest.frames[8..10])
        .expect("a mapping");
    let second = tools.map(guest.id, &[shared]).expect("its shared page");
    // One that could be anything still, as nobody writes it.
    let third = tools.map_for(1, guest.id, &guest.frames[10..11]);
    let third = third.expect("a mapping for reading");
    // SAFETY: inside the mapping.
    unsafe { at.write_volatile(0x1234) };
    tools.destroy(guest.id);
    let info = tools.info(guest.id).expect("what is left");
    assert_eq!(info.flags & DYING, DYING);
    assert_eq!(info.pages, 3);
    // A pin now would be nobody's to take away. Xen says yes and takes it away itself: the counts below show it.
    let pinned = tools.pin_root(guest.id, guest.frames[10]);
    assert!(matches!(pinned, Err(EINVAL) | Ok(0)), "{pinned:?}");
    unmap(third, 1);
    assert_eq!(tools.info(guest.id).map(|info| info.pages), Ok(2));
    assert_eq!(tools.populate(guest.id, 1).map(|list| list.len()), Ok(0));
    // SAFETY: inside the mapping.
    assert_eq!(
        unsafe { at.read_volatile() },
        0x1234,
        "still the same frame"
    );
    // Destroyed once more, nothing changes.
    tools.destroy(guest.id);
    unmap(at, 2);
    let info = tools
        .info(guest.id)
        .expect("the shared page is mapped still");
    assert_eq!(info.pages, 0);
    unmap(second, 1);
    assert_eq!(tools.info(guest.id).err(), Some(ESRCH));
}

/// Whoever gets the frames of a domain that is gone finds zeroes.
fn scrubbed(tools: &Toolstack) {
    const SECRET: u64 = 0x5ec4_e75e_c4e7_5ec4;
    /// The first frames of a guest are tables, code and data.
    const OWN: usize = 8;
    let words = (FRAMES as usize - OWN) * PAGE / 8;
    let mut seen = 0;
    let mut before = Vec::new();
    for _ in 0..3 {
        let guest = tools.build(FOREVER, &[]);
        let at = tools
            .map(guest.id, &guest.frames[OWN..])
            .expect("its memory");
        for index in 0..words {
            // SAFETY: inside the mapping.
            let place = unsafe { at.add(index) };
            // SAFETY: as above.
            assert_eq!(unsafe { place.read_volatile() }, 0, "at word {index}");
            // SAFETY: as above.
            unsafe { place.write_volatile(SECRET) };
        }
        unmap(at, FRAMES as usize - OWN);
        let again = |frame: &&u64| before.contains(*frame);
        seen += guest.frames[OWN..].iter().filter(again).count();
        before.clone_from(&guest.frames);
        tools.simple(UNPAUSE, guest.id).expect("to run");
        tools.destroy(guest.id);
    }
    println!("domains: {seen} frames were another domain's before");
    assert!(seen > 0, "no frame was used twice: nothing was tried");
}

fn claims(tools: &Toolstack) {
    const CLAIM: u64 = 24;
    const CLAIMED: u64 = 300;
    let outstanding = || tools.sysctl(3, &Bytes::new(0)).expect("physinfo").u64(64);
    let limited = |kib: u64| {
        let id = tools.create(0, |request| request).expect("a domain");
        let limit = Bytes::new(8).put(0, kib.to_le_bytes());
        tools.domctl(MAX_MEM, id, &limit).expect("a limit");
        id
    };
    let claim = |domain: u16, pages: u64| {
        let request = Bytes::new(32)
            .put(8, pages.to_le_bytes())
            .put(24, domain.to_le_bytes());
        tools.call(MEMORY_OP, [CLAIM, request.0.as_ptr() as u64, 0, 0, 0])
    };
    let claimed = limited(CLAIMED * 4);
    assert_eq!(claim(claimed, CLAIMED), Ok(0));
    assert_eq!(claim(claimed, CLAIMED), Err(EINVAL), "a second claim");
    let (_, info) = tools
        .domctl(GET_INFO, claimed, &Bytes::new(0))
        .expect("the domain");
    assert_eq!((info.u64(24), outstanding()), (CLAIMED, CLAIMED));
    assert_eq!(tools.populate(claimed, 100).expect("memory").len(), 100);
    assert_eq!(outstanding(), CLAIMED - 100);
    // Another one that takes all that it can get.
    let greedy = limited(u64::MAX);
    let free = tools.free_frames();
    let taken = tools.populate(greedy, free).expect("memory").len() as u64;
    assert!(taken < free, "{taken} of {free}: nothing was kept");
    let rest = tools.populate(claimed, CLAIMED - 100).expect("memory");
    assert_eq!(rest.len() as u64, CLAIMED - 100, "what was claimed");
    assert_eq!(outstanding(), 0);
    tools.destroy(greedy);
    tools.destroy(claimed);
    // A claim ends with its domain.
    let claimed = limited(CLAIMED * 4);
    assert_eq!(claim(claimed, CLAIMED), Ok(0));
    tools.destroy(claimed);
    assert_eq!(outstanding(), 0);
}

fn watchdogs(tools: &Toolstack) {
    const WATCHDOG: u8 = 6;
    let code = sched(WATCHDOG, &sched(BLOCK, FOREVER));
    let guest = tools.build(&code, &[0, 1]);
    let start = Instant::now();
    tools.simple(UNPAUSE, guest.id).expect("to run");
    assert_eq!(tools.wait(guest.id), 4);
    let after = start.elapsed();
    assert!(after >= Duration::from_millis(990), "after {after:?}");
    tools.destroy(guest.id);
    // One that is taken down while its watchdog runs: nothing comes of it later.
    let guest = tools.build(&code, &[0, 1]);
    tools.simple(UNPAUSE, guest.id).expect("to run");
    std::thread::sleep(Duration::from_millis(50));
    tools.destroy(guest.id);
    let other = tools.build(FOREVER, &[]);
    tools.simple(UNPAUSE, other.id).expect("to run");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(tools.info(other.id).expect("it").flags & SHUTDOWN, 0);
    tools.destroy(other.id);
}

fn channels(tools: &Toolstack) {
    const ALLOC: u64 = 6;
    const BIND: u64 = 0;
    const CLOSE: u64 = 3;
    const STATUS: u64 = 5;
    let call = |operation: u64, request: &mut Bytes| {
        tools.call(
            EVENT_CHANNEL_OP,
            [operation, request.0.as_mut_ptr() as u64, 0, 0, 0],
        )
    };
    let guest = tools.build(FOREVER, &[]);
    // A port of the guest's for dom0, which connects to it.
    let mut request = Bytes::new(8).put(0, guest.id.to_le_bytes());
    call(ALLOC, &mut request).expect("a port");
    let port = request.u32(4);
    let mut request = Bytes::new(12)
        .put(0, guest.id.to_le_bytes())
        .put(4, port.to_le_bytes());
    call(BIND, &mut request).expect("a connection");
    let own = request.u32(8);
    let status = |domain: u16, port: u32| {
        let mut request = Bytes::new(24)
            .put(0, domain.to_le_bytes())
            .put(4, port.to_le_bytes());
        call(STATUS, &mut request).map(|_| request.u32(8))
    };
    assert_eq!(status(guest.id, port), Ok(2), "connected");
    assert_eq!(status(0x7ff0, own), Ok(2), "connected");
    tools.destroy(guest.id);
    assert_eq!(
        status(0x7ff0, own),
        Ok(1),
        "waits for the domain that is gone"
    );
    call(CLOSE, &mut Bytes::new(4).put(0, own.to_le_bytes())).expect("to close");
}

/// What only a toolstack may do, tried by a domain that is none.
fn powerless(tools: &Toolstack) {
    /// Results, from here on in the page of data.
    const RESULTS: u64 = 0x800;
    const EPERM: i64 = 1;
    let mut data = vec![0u32; 0x200];
    let mut place = |offset: u64, words: &[u32]| {
        let first = offset as usize / 4;
        data[first..first + words.len()].copy_from_slice(words);
        DATA + offset
    };
    let domctl = place(0x100, &[GET_INFO, VERSION]);
    let sysctl = place(0x180, &[3, VERSION]);
    let platform = place(0x200, &[17, 0x0300_0001]);
    let map = place(0x280, &[0]);
    let dom0 = place(0x300, &[0, 0, 0, 0]);
    let resource = place(0x340, &[0, 1]);
    let calls: [(&str, u64, [u64; 4]); 10] = [
        ("domctl", DOMCTL, [domctl, 0, 0, 0]),
        ("sysctl", SYSCTL, [sysctl, 0, 0, 0]),
        ("platform_op", 7, [platform, 0, 0, 0]),
        ("the machine's memory map", MEMORY_OP, [10, map, 0, 0]),
        ("dom0's size", MEMORY_OP, [3, dom0, 0, 0]),
        ("dom0's grant table", MEMORY_OP, [28, resource, 0, 0]),
        ("dom0's end", SCHED_OP, [4, dom0, 0, 0]),
        ("a port of dom0's", EVENT_CHANNEL_OP, [6, dom0, 0, 0]),
        ("dom0's tables", MMUEXT_OP, [dom0, 1, 0, 0]),
        ("the console", 18, [0, 1, DATA, 0]),
    ];
    let mut code = Vec::new();
    for ((_, number, arguments), slot) in calls.iter().zip(0..) {
        // mov rdi, rsi, rdx and r10, each of 64 bits.
        let registers: [[u8; 2]; 4] = [[0x48, 0xbf], [0x48, 0xbe], [0x48, 0xba], [0x49, 0xba]];
        for (register, argument) in registers.iter().zip(arguments) {
            code.extend(register);
            code.extend(argument.to_le_bytes());
        }
        // mov eax, number; syscall; mov [result], rax
        code.push(0xb8);
        code.extend((*number as u32).to_le_bytes());
        code.extend([0x0f, 0x05, 0x48, 0xa3]);
        code.extend((DATA + RESULTS + 8 * slot).to_le_bytes());
    }
    code.extend(sched(SHUT_DOWN, UNDEFINED));
    let guest = tools.build(&code, &data);
    tools.simple(UNPAUSE, guest.id).expect("to run");
    assert_eq!(tools.wait(guest.id), 0);
    let at = tools
        .map(guest.id, &guest.frames[5..6])
        .expect("its page of data");
    for ((name, ..), slot) in calls.iter().zip(0..) {
        // SAFETY: inside the mapping of one page.
        let result = unsafe { at.add(RESULTS as usize / 8 + slot).read_volatile() };
        assert_eq!(result as i64, -EPERM, "{name}");
    }
    unmap(at, 1);
    tools.destroy(guest.id);
    assert_eq!(tools.info(0).expect("dom0").flags & SHUTDOWN, 0);
}

fn cycles(tools: &Toolstack) {
    let run = |wait: bool| {
        let guest = tools.build(&sched(SHUT_DOWN, UNDEFINED), &[0]);
        let at = tools.map(guest.id, &guest.frames[..64]).err();
        assert_ne!(at, None, "tables are not for writing");
        tools.simple(UNPAUSE, guest.id).expect("to run");
        if wait {
            tools.wait(guest.id);
        }
        tools.destroy(guest.id);
    };
    // Xen gives the last of a domain back a moment later.
    let free_frames = || {
        std::thread::sleep(Duration::from_millis(500));
        tools.free_frames()
    };
    run(true);
    let before = free_frames();
    let start = Instant::now();
    for round in 0..100 {
        run(round % 3 == 0);
    }
    println!("domains: a cycle takes {:?}", start.elapsed() / 100);
    assert_eq!(free_frames(), before, "frames are lost");
    let _ = MMU_UPDATE;
}
