//! Calls the suspension of a domain off, as a toolstack does that could not save it: waits until the domain has suspended
//! itself, sets RAX of its first virtual CPU to 1, and resumes it. `call_off DOMAIN TIMES`. The structures are taken from Xen
//! 4.17's public headers by hand, so that what they say here stays what toolstacks say; it runs on Xen too.

use std::ffi::{c_int, c_ulong, c_void};
use std::fs::File;
use std::io::Error;
use std::os::fd::AsRawFd as _;
use std::thread::sleep;
use std::time::Duration;

/// `IOCTL_PRIVCMD_HYPERCALL` of Linux's `xen/privcmd.h`.
const HYPERCALL: c_ulong = 0x0030_5000;
const DOMCTL: u64 = 36;
/// The interface version of 4.17.
const VERSION: u64 = 0x15;
const GET_INFO: u64 = 5;
const SET_CONTEXT: u64 = 12;
const GET_CONTEXT: u64 = 13;
const RESUME: u64 = 27;
/// Flags of a domain: it has shut down, and for which reason.
const SHUTDOWN: u64 = 1 << 2;
const REASON_SHIFT: u32 = 16;
const SUSPEND: u64 = 2;
/// Bytes of `vcpu_guest_context`, and where RAX lies in it.
const CONTEXT: usize = 5168;
const RAX: usize = 600;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *mut c_void) -> c_int;
}

/// `struct privcmd_hypercall`.
#[repr(C)]
struct Call {
    number: u64,
    arguments: [u64; 5],
}

/// `struct xen_domctl`: command and version, domain, the union.
#[repr(C)]
struct Domctl {
    words: [u64; 18],
}

fn domctl(file: &File, command: u64, domain: u64, body: [u64; 2]) -> Domctl {
    let mut request = Domctl { words: [0; 18] };
    request.words[0] = command | VERSION << 32;
    request.words[1] = domain;
    request.words[2..4].copy_from_slice(&body);
    let mut call = Call {
        number: DOMCTL,
        arguments: [(&raw mut request).expose_provenance() as u64, 0, 0, 0, 0],
    };
    // SAFETY: the request lives until the hypercall has returned, and so does what it names.
    let result = unsafe { ioctl(file.as_raw_fd(), HYPERCALL, (&raw mut call).cast()) };
    assert!(result >= 0, "domctl {command}: {}", Error::last_os_error());
    request
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
    let (Some(domain), Some(times)) = (number(), number()) else {
        panic!("call_off DOMAIN TIMES");
    };
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/xen/privcmd")
        .unwrap();
    for _ in 0..times {
        let suspended = || {
            let flags = domctl(&file, GET_INFO, domain, [0; 2]).words[2] >> 32;
            flags & SHUTDOWN != 0 && flags >> REASON_SHIFT & 0xff == SUSPEND
        };
        let mut patience = 600;
        while !suspended() {
            patience -= 1;
            assert!(patience > 0, "domain {domain} does not suspend itself");
            sleep(Duration::from_millis(100));
        }
        let mut context = vec![0_u8; CONTEXT];
        let place = context.as_mut_ptr().expose_provenance() as u64;
        domctl(&file, GET_CONTEXT, domain, [0, place]);
        context[RAX..RAX + 8].copy_from_slice(&1_u64.to_ne_bytes());
        domctl(&file, SET_CONTEXT, domain, [0, place]);
        domctl(&file, RESUME, domain, [0; 2]);
        println!("RESUMED {domain}");
    }
}
