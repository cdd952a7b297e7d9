//! What it takes to read the clock: by the C library, which reads the counter itself where the kernel's vDSO
//! lets it, and by a system call. As the first program of a domU it switches the domain off at its end.

use std::ffi::{c_char, c_int, c_long, c_ulong, c_void};
use std::time::Instant;

const CLOCK_GETTIME: c_long = 228;
const CLOCK_MONOTONIC: c_int = 1;
const RB_POWER_OFF: c_int = 0x4321_fedc;

unsafe extern "C" {
    fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
    fn mount(
        source: *const c_char,
        target: *const c_char,
        kind: *const c_char,
        flags: c_ulong,
        data: *const c_void,
    ) -> c_int;
    fn reboot(command: c_int) -> c_int;
}

fn main() {
    let is_init = std::process::id() == 1;
    if is_init {
        let _ = std::fs::create_dir("/sys");
        let (name, target) = (c"sysfs".as_ptr(), c"/sys".as_ptr());
        // SAFETY: three texts that end with a zero, and no data.
        let failed = unsafe { mount(name, target, name, 0, std::ptr::null()) };
        assert_eq!(failed, 0, "mount");
    }
    let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let source = std::fs::read_to_string(source).unwrap_or_default();
    println!("clock_source={}", source.trim());
    let mut time = [0; 2];
    // SAFETY: the call fills in a `struct timespec`.
    let library = best(200_000, || unsafe {
        clock_gettime(CLOCK_MONOTONIC, &raw mut time);
    });
    // SAFETY: as above.
    let system_call = best(20_000, || unsafe {
        syscall(CLOCK_GETTIME, CLOCK_MONOTONIC, &raw mut time);
    });
    println!("clock_read_ns={library:.1}");
    println!("clock_system_call_ns={system_call:.1}");
    let (mut backwards, mut last) = (0, Instant::now());
    for _ in 0..100_000 {
        let now = Instant::now();
        backwards += u32::from(now < last);
        last = now;
    }
    println!("clock_backwards={backwards}");
    if is_init {
        // The console is a ring that somebody has to empty.
        std::thread::sleep(std::time::Duration::from_millis(500));
        // SAFETY: nothing is left to be done.
        unsafe { reboot(RB_POWER_OFF) };
    }
}

/// ns for each of `count` calls: the best of seven rounds, as a busy host makes them longer only.
fn best(count: u32, mut call: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..count).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
    };
    (0..7).map(round).fold(f64::INFINITY, f64::min)
}
