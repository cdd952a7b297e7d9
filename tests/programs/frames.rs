//! Prints how many frames the hypervisor has free: `sysctl`'s `physinfo` through `/dev/xen/privcmd`.

use std::ffi::{c_int, c_ulong};
use std::fs::File;
use std::os::fd::AsRawFd as _;

/// `IOCTL_PRIVCMD_HYPERCALL` of Linux's `xen/privcmd.h`.
const HYPERCALL: c_ulong = 0x0030_5000;
/// `__HYPERVISOR_sysctl`, `public/xen.h`.
const SYSCTL: u64 = 35;
/// `XEN_SYSCTL_physinfo` and the interface's version, `public/sysctl.h`.
const PHYSINFO: u32 = 3;
const VERSION: u32 = 0x15;
/// Index of `free_pages` among the words: before it come command and version, ten words of 32 bits,
/// and `total_pages`.
const FREE_PAGES: usize = 7;

unsafe extern "C" {
    fn ioctl(file: c_int, request: c_ulong, argument: *mut Hypercall) -> c_int;
}

/// `struct privcmd_hypercall`.
#[repr(C)]
struct Hypercall {
    number: u64,
    arguments: [u64; 5],
}

/// `struct xen_sysctl`, as words of 64 bits.
#[repr(C, align(4096))]
struct Sysctl([u64; 17]);

fn main() {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/xen/privcmd")
        .expect("privcmd");
    let mut sysctl = Sysctl([0; 17]);
    sysctl.0[0] = u64::from(VERSION) << 32 | u64::from(PHYSINFO);
    let address = &raw mut sysctl as u64;
    let mut call = Hypercall {
        number: SYSCTL,
        arguments: [address, 0, 0, 0, 0],
    };
    // SAFETY: the request takes a `Hypercall`, and the hypercall writes within a `Sysctl`.
    let result = unsafe { ioctl(file.as_raw_fd(), HYPERCALL, &raw mut call) };
    assert_eq!(
        result,
        0,
        "physinfo failed: {}",
        std::io::Error::last_os_error()
    );
    println!("{}", sysctl.0[FREE_PAGES]);
}
