//! Asks by Ringwall's own hypercall, through `/dev/xen/privcmd`, and prints what it says: the bytes
//! are taken apart here, so that they stay what they are.

use std::ffi::{c_int, c_ulong};
use std::fs::File;
use std::io::Error;
use std::os::fd::AsRawFd as _;

/// `IOCTL_PRIVCMD_HYPERCALL` of Linux's `xen/privcmd.h`.
const HYPERCALL: c_ulong = 0x0030_5000;
/// The hypercall's number.
const RINGWALL: u64 = 49;
/// `Request::Version`; `Request::Statistics` from domain 0 on; `Request::Vcpu` of domain 0, CPU 0.
const VERSION: &[u8] = &[0];
const STATISTICS: &[u8] = &[1, 0];
const VCPU: &[u8] = &[2, 0, 0];
/// `Request::Counters` of domain 0, CPU 0.
const COUNTERS: &[u8] = &[3, 0, 0];
/// Linux's and the ABI's numbers of what must come of bad requests.
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const E2BIG: i32 = 7;
const EFAULT: i32 = 14;
const EINVAL: i32 = 22;
const ENOBUFS: i32 = 105;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *mut Hypercall) -> c_int;
}

/// `struct privcmd_hypercall`.
#[repr(C)]
struct Hypercall {
    number: u64,
    arguments: [u64; 5],
}

fn main() {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/xen/privcmd")
        .expect("privcmd");
    let ask = |request: &[u8], capacity| call(&file, request, capacity);

    println!("version={}", numbers(&ask(VERSION, 512), 0)[0]);
    // The domains are optional: `present` comes before the first one's numbers.
    let statistics = numbers(&ask(STATISTICS, 512), 1);
    let names = [
        "uptime_ns",
        "total_frames",
        "free_frames",
        "heap_frames",
        "present",
        "domain",
        "vcpus",
        "pages",
        "max_pages",
    ];
    for (name, value) in names.iter().zip(statistics) {
        println!("{name}={value}");
    }
    println!("running_ns={}", numbers(&ask(VCPU, 512), 2)[0]);
    // Eight classes of hypercalls, then page faults, emulated writes and instructions, upcalls, grants.
    let before = numbers(&ask(COUNTERS, 512), 3);
    let control = numbers(&ask(COUNTERS, 512), 3)[5] - before[5];
    println!("counted={control}");
    println!("memory_calls={}", before[0]);
    println!("page_faults={}", before[8]);
    println!("upcalls={}", before[11]);
    let mut pages = [0; 8];
    let mut from = 0;
    loop {
        let mut request = vec![4, 0];
        request.extend(number_bytes(from));
        let mut part = numbers(&ask(&request, 512), 4);
        let more = part.remove(0) == 1;
        from = if more { part.remove(0) } else { 0 };
        for (sum, count) in pages.iter_mut().zip(part) {
            *sum += count;
        }
        if !more {
            break;
        }
    }
    println!("counted_pages={}", pages.iter().sum::<u64>());
    println!("tables={}", pages[2..6].iter().sum::<u64>());
    println!("roots={}", pages[5]);

    let refused = [
        ("nothing", ask(&[], 512), EINVAL),
        ("an unknown request", ask(&[9], 512), EINVAL),
        ("half a request", ask(&[1], 512), EINVAL),
        ("a request and more", ask(&[0, 0], 512), EINVAL),
        ("a long request", ask(&[0; 33], 512), E2BIG),
        ("no room", ask(VERSION, 1), ENOBUFS),
        ("no such domain", ask(&[2, 99, 0], 512), ESRCH),
        ("no such virtual CPU", ask(&[2, 0, 99], 512), ENOENT),
    ];
    for (what, reply, errno) in refused {
        assert_eq!(reply, Err(errno), "{what}");
    }
    assert_eq!(raw(&file, [8, 1, 0, 0, 0]), Err(EFAULT), "a wild pointer");
}

/// The reply to a request, or the error's number.
fn call(file: &File, request: &[u8], capacity: u64) -> Result<Vec<u8>, i32> {
    let mut reply = [0_u8; 512];
    // The hypervisor faults nothing in: a constant's page need not be there, one that was just written is.
    let request = request.to_vec();
    let from = request.as_ptr() as u64;
    let to = (&raw mut reply) as u64;
    let arguments = [from, request.len() as u64, to, capacity, 0];
    let length = raw(file, arguments)?;
    Ok(reply[..length].to_vec())
}

/// The hypercall with these arguments: the reply's length.
fn raw(file: &File, arguments: [u64; 5]) -> Result<usize, i32> {
    let mut call = Hypercall {
        number: RINGWALL,
        arguments,
    };
    // SAFETY: the request takes a `Hypercall`, and the hypercall writes within the capacity it is told.
    let result = unsafe { ioctl(file.as_raw_fd(), HYPERCALL, &raw mut call) };
    usize::try_from(result).map_err(|_| Error::last_os_error().raw_os_error().unwrap_or(0))
}

/// The numbers of a reply, after the variant that it must be.
fn numbers(reply: &Result<Vec<u8>, i32>, variant: u64) -> Vec<u64> {
    let bytes = reply.as_ref().expect("a reply");
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0, 0);
    for byte in bytes {
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    assert_eq!(numbers.remove(0), variant);
    numbers
}

/// A number as `postcard` has it: seven bits in a byte, the lowest first.
fn number_bytes(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
