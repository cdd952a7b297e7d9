//! `bench`: nanoseconds that operations of a kernel take, as lines of `name=value`.

use std::ffi::{c_char, c_int, c_void};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{self, Command};
use std::time::Instant;
use std::{env, hint, ptr, thread};

const PAGE: usize = 4096;
const SIGUSR1: c_int = 10;
const SIGSEGV: c_int = 11;
const PROT_NONE: c_int = 0;
const PROT_READ_WRITE: c_int = 3;
const MAP_PRIVATE_ANONYMOUS: c_int = 0x22;

unsafe extern "C" {
    fn fork() -> c_int;
    fn getppid() -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn mmap(at: *mut c_void, size: usize, prot: c_int, flags: c_int, file: c_int, offset: i64)
    -> *mut c_void;
    fn mprotect(at: *mut c_void, size: usize, prot: c_int) -> c_int;
    fn munmap(at: *mut c_void, size: usize) -> c_int;
    fn pipe(ends: *mut c_int) -> c_int;
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn syscall(number: i64, ...) -> i64;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn _exit(status: c_int) -> !;
    fn execv(path: *const c_char, arguments: *const *const c_char) -> c_int;
}

/// The page that a fault's handler makes accessible.
static mut PROTECTED: *mut c_void = ptr::null_mut();

extern "C" fn ignore(_: c_int) {}

extern "C" fn unprotect(_: c_int) {
    // SAFETY: the page was mapped before the first fault, and there is one thread.
    unsafe { mprotect(PROTECTED, PAGE, PROT_READ_WRITE) };
}

fn main() {
    if env::args().nth(1).is_some() {
        return;
    }
    // SAFETY: the handlers call nothing that a signal's handler may not.
    unsafe {
        signal(SIGUSR1, ignore);
        signal(SIGSEGV, unprotect);
    }
    // SAFETY (of every block below): the calls get arguments as POSIX has them, memory is unmapped
    // by whoever mapped it, and nobody refers to it then.
    measure("null_syscall", 20_000, || {
        const GETPPID: i64 = 110;
        unsafe { syscall(GETPPID) };
    });
    let mut zero = File::open("/dev/zero").expect("/dev/zero");
    measure("read_1B", 20_000, || zero.read_exact(&mut [0]).expect("read"));
    measure("clock_gettime", 20_000, || {
        hint::black_box(Instant::now());
    });
    let own = process::id().cast_signed();
    measure("signal", 5_000, || assert_eq!(unsafe { kill(own, SIGUSR1) }, 0));
    anonymous_faults();
    protection_faults();
    measure("mmap_64k", 1_000, || {
        let memory = map(16);
        (0..16).for_each(|page| touch(memory, page));
        unsafe { munmap(memory, 16 * PAGE) };
    });
    measure("fork_exit", 200, || in_child(|| {}));
    measure("fork_exec", 100, || {
        in_child(|| {
            let path = c"/proc/self/exe".as_ptr();
            let arguments = [path, c"child".as_ptr(), ptr::null()];
            unsafe { execv(path, arguments.as_ptr()) };
        });
    });
    measure("spawn", 50, || {
        assert!(Command::new("/proc/self/exe").arg("child").status().is_ok());
    });
    measure("thread", 500, || assert!(thread::spawn(|| {}).join().is_ok()));
    ping_pong();
    measure("file_create", 1_000, || {
        fs::write("/tmp/bench", b"x").expect("a file");
        fs::remove_file("/tmp/bench").expect("the file");
    });
    assert_ne!(unsafe { getppid() }, 0);
}

/// Prints what one of `count` calls takes, after some to warm up.
fn measure(name: &str, count: u32, mut operation: impl FnMut()) {
    (0..count / 10).for_each(|_| operation());
    let start = Instant::now();
    (0..count).for_each(|_| operation());
    println!("{name}={:.1}", start.elapsed().as_secs_f64() * 1e9 / f64::from(count));
}

fn anonymous_faults() {
    const PAGES: usize = 4096;
    let memory = map(PAGES);
    let mut pages = 0..PAGES;
    measure("anon_fault", 3_500, || touch(memory, pages.next().expect("a page")));
    // SAFETY: mapped above.
    unsafe { munmap(memory, PAGES * PAGE) };
}

fn protection_faults() {
    let memory = map(1);
    touch(memory, 0);
    // SAFETY: one thread, and the handler is not running.
    unsafe { PROTECTED = memory };
    measure("prot_fault", 2_000, || {
        // SAFETY: mapped above; the fault that follows makes it accessible again.
        unsafe { mprotect(memory, PAGE, PROT_NONE) };
        touch(memory, 0);
    });
}

/// Two processes that pass a byte to and fro.
fn ping_pong() {
    let ((mut to_read, mut to_write), (mut fro_read, mut fro_write)) = (new_pipe(), new_pipe());
    // SAFETY: one thread, and the child only reads and writes.
    let child = unsafe { fork() };
    if child == 0 {
        drop(to_write);
        let mut byte = [0];
        while to_read.read_exact(&mut byte).is_ok() && fro_write.write_all(&byte).is_ok() {}
        // SAFETY: ends the child.
        unsafe { _exit(0) };
    }
    drop(to_read);
    measure("pipe_pingpong", 2_000, || {
        to_write.write_all(&[0]).expect("write");
        fro_read.read_exact(&mut [0]).expect("read");
    });
    drop(to_write);
    // SAFETY: no status is asked for.
    unsafe { waitpid(child, ptr::null_mut(), 0) };
}

fn new_pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: two numbers have room for two.
    assert_eq!(unsafe { pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: both are open and belong to nobody else.
    let [read, write] = ends.map(|end| File::from(unsafe { OwnedFd::from_raw_fd(end) }));
    (read, write)
}

/// A child that does `work`, ends and is waited for.
fn in_child(work: impl Fn()) {
    // SAFETY: this process has one thread here; no status is asked for.
    unsafe {
        match fork() {
            0 => {
                work();
                _exit(0)
            }
            child => assert_eq!(waitpid(child, ptr::null_mut(), 0), child),
        }
    }
}

fn map(pages: usize) -> *mut c_void {
    // SAFETY: new memory, anywhere.
    unsafe { mmap(ptr::null_mut(), pages * PAGE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0) }
}

fn touch(memory: *mut c_void, page: usize) {
    // SAFETY: the caller mapped that many pages.
    unsafe { memory.cast::<u8>().add(page * PAGE).write_volatile(1) };
}
