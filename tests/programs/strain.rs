//! `strain SECONDS`: forks, executions, page faults, signals and threads, one after the other.

use std::ffi::c_int;
use std::process::{self, Command};
use std::time::{Duration, Instant};
use std::{env, hint, ptr, thread};

/// `SIGUSR1`.
const SIGNAL: c_int = 10;
/// Bytes that are touched at once, a page at a time.
const TOUCHED: usize = 4 << 20;

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn raise(number: c_int) -> c_int;
}

extern "C" fn ignore(_: c_int) {}

fn main() {
    let argument = env::args().nth(1).unwrap_or_default();
    let Ok(seconds) = argument.parse() else {
        return;
    };
    // SAFETY: the handler does nothing.
    unsafe { signal(SIGNAL, ignore) };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0_u64;
    while Instant::now() < end {
        fork_once(touch);
        fork_once(|| {});
        let executed = Command::new("/proc/self/exe").arg("child").status();
        assert!(
            executed.is_ok_and(|status| status.success()),
            "no execution"
        );
        touch();
        for _ in 0..100 {
            // SAFETY: the signal has a handler.
            assert_eq!(unsafe { raise(SIGNAL) }, 0);
        }
        assert!(thread::spawn(touch).join().is_ok());
        rounds += 1;
    }
    println!("rounds={rounds}");
}

/// Memory that is mapped, touched and unmapped.
fn touch() {
    let mut memory = vec![0_u8; TOUCHED];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    hint::black_box(&memory);
}

/// A child that does `work` and ends, and is waited for.
fn fork_once(work: fn()) {
    // SAFETY: this process has one thread here, so the child has all of it.
    match unsafe { fork() } {
        0 => {
            work();
            process::exit(0);
        }
        child => {
            // SAFETY: no status is asked for.
            assert_eq!(unsafe { waitpid(child, ptr::null_mut(), 0) }, child);
        }
    }
}
