//! Runs a command on a terminal of its own of 100 columns, types keys there, and prints what the terminal was sent.
//!
//! `pty KEYS COMMAND...`: a key each 300 ms, from a second after the start on; `^]` is one key. The status is the
//! command's.

use std::ffi::{CStr, c_char, c_int, c_ulong};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, exit};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// `TIOCSWINSZ` and `TIOCSCTTY` of Linux's `asm-generic/ioctls.h`.
const SET_SIZE: c_ulong = 0x5414;
const SET_CONTROLLING: c_ulong = 0x540e;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *const u16) -> c_int;
    fn grantpt(file: c_int) -> c_int;
    fn unlockpt(file: c_int) -> c_int;
    fn ptsname(file: c_int) -> *const c_char;
    fn setsid() -> c_int;
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let keys = arguments.next().expect("keys");
    let command = arguments.next().expect("a command");
    let open = |path: &str| File::options().read(true).write(true).open(path);
    let mut master = open("/dev/ptmx").expect("ptmx");
    let number = master.as_raw_fd();
    // SAFETY: the file is a terminal's master, and nobody else asks for a name meanwhile.
    let name = unsafe {
        assert_eq!((grantpt(number), unlockpt(number)), (0, 0));
        CStr::from_ptr(ptsname(number))
    };
    let slave = open(name.to_str().expect("a name")).expect("a terminal");
    let size: [u16; 4] = [30, 100, 0, 0];
    // SAFETY: the call reads a `struct winsize` of four numbers.
    assert_eq!(unsafe { ioctl(number, SET_SIZE, size.as_ptr()) }, 0);
    let same = || slave.try_clone().expect("a terminal");
    let mut child = Command::new(command);
    child.args(arguments).env("TERM", "linux");
    child.stdin(same()).stdout(same()).stderr(same());
    // SAFETY: both calls may be done between fork and exec.
    unsafe {
        child.pre_exec(|| {
            setsid();
            ioctl(0, SET_CONTROLLING, std::ptr::null());
            Ok(())
        });
    }
    let mut running = child.spawn().expect("the command");
    // The last one that holds the terminal's end is the command.
    drop((child, slave));
    let mut typist = master.try_clone().expect("a terminal");
    spawn(move || {
        sleep(Duration::from_secs(1));
        let keys = keys.replace("^]", "\x1d");
        for key in keys.bytes() {
            let _ = typist.write_all(&[key]);
            sleep(Duration::from_millis(300));
        }
    });
    let mut bytes = [0; 4096];
    // A terminal that nobody holds any more answers with an error.
    while let Ok(length @ 1..) = master.read(&mut bytes) {
        if std::io::stdout().write_all(&bytes[..length]).is_err() {
            // Whoever read it has seen enough.
            exit(0);
        }
    }
    exit(running.wait().expect("a status").code().unwrap_or(128));
}
