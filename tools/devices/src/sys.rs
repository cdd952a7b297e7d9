//! The kernel's requests that rustix lacks: loop devices, and two options of sockets.

// UNSAFETY: ioctl and setsockopt take pointers to structures that the kernel reads and writes.
#![expect(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, AsRawFd as _};

use rustix::io::{Errno, Result};
use rustix::ioctl::{self, Getter, Ioctl, IoctlOutput, Opcode, Setter};

/// `struct loop_info64` of Linux's `linux/loop.h`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct LoopInfo {
    /// Number of the device that the backing file lies on, as `stat` has it.
    pub(crate) device: u64,
    pub(crate) inode: u64,
    backing_device: u64,
    offset: u64,
    size_limit: u64,
    pub(crate) number: u32,
    encryption: [u32; 2],
    pub(crate) flags: u32,
    pub(crate) file_name: [u8; 64],
    encryption_name: [u8; 64],
    encryption_key: [u8; 32],
    init: [u64; 2],
}

/// `struct loop_config`.
#[repr(C)]
struct LoopConfig {
    file: u32,
    block_size: u32,
    info: LoopInfo,
    reserved: [u64; 8],
}

pub(crate) const LOOP_READ_ONLY: u32 = 1;
pub(crate) const LOOP_AUTOCLEAR: u32 = 4;
pub(crate) const LOOP_DIRECT_IO: u32 = 16;

const LOOP_GET_STATUS64: Opcode = 0x4c05;
const LOOP_CONFIGURE: Opcode = 0x4c0a;
const LOOP_CTL_GET_FREE: Opcode = 0x4c82;

/// The number of a loop device that is free, which is made if there is none.
pub(crate) fn free_loop(control: impl AsFd) -> Result<u32> {
    // SAFETY: LOOP_CTL_GET_FREE takes no argument.
    unsafe { ioctl::ioctl(control, GetFree) }
}

/// Lets the loop device stand for the file.
pub(crate) fn configure_loop(
    device: impl AsFd,
    file: impl AsFd,
    flags: u32,
    file_name: [u8; 64],
) -> Result<()> {
    let file = u32::try_from(file.as_fd().as_raw_fd()).map_err(|_| Errno::BADF)?;
    let config = LoopConfig {
        file,
        block_size: 0,
        info: LoopInfo {
            device: 0,
            inode: 0,
            backing_device: 0,
            offset: 0,
            size_limit: 0,
            number: 0,
            encryption: [0; 2],
            flags,
            file_name,
            encryption_name: [0; 64],
            encryption_key: [0; 32],
            init: [0; 2],
        },
        reserved: [0; 8],
    };
    // SAFETY: LOOP_CONFIGURE reads a `loop_config`, which this is.
    let request = unsafe { Setter::<LOOP_CONFIGURE, LoopConfig>::new(config) };
    // SAFETY: the request is one of loop devices; others refuse its number.
    unsafe { ioctl::ioctl(device, request) }
}

/// What the loop device stands for; `ENXIO` if for nothing.
pub(crate) fn loop_status(device: impl AsFd) -> Result<LoopInfo> {
    // SAFETY: LOOP_GET_STATUS64 writes a `loop_info64`, of which every bit pattern is one.
    let request = unsafe { Getter::<LOOP_GET_STATUS64, LoopInfo>::new() };
    // SAFETY: the request is one of loop devices; others refuse its number.
    unsafe { ioctl::ioctl(device, request) }
}

/// Lets a socket see one interface alone.
pub(crate) fn bind_to_interface(socket: impl AsFd, interface: &str) -> Result<()> {
    set_option(socket, libc::SO_BINDTODEVICE, interface.as_bytes())
}

/// Sends UDP without checksums.
pub(crate) fn leave_out_checksums(socket: impl AsFd) -> Result<()> {
    set_option(socket, libc::SO_NO_CHECK, &1_i32.to_ne_bytes())
}

fn set_option(socket: impl AsFd, option: c_int, value: &[u8]) -> Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the socket is open as long as it is borrowed, and `length` bytes may be read at `value`.
    let result = unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            option,
            value.as_ptr().cast(),
            length,
        )
    };
    match result {
        0 => Ok(()),
        _ => {
            let error = std::io::Error::last_os_error();
            Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
        }
    }
}

struct GetFree;

// SAFETY: 1. the opcode takes no argument, and none is given. 2. Nothing is written. 3. The output is the
// call's own result.
unsafe impl Ioctl for GetFree {
    type Output = u32;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        LOOP_CTL_GET_FREE
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> Result<u32> {
        u32::try_from(output).map_err(|_| Errno::RANGE)
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;

    #[test]
    fn structures_have_the_kernels_sizes() {
        assert_eq!((size_of::<LoopInfo>(), size_of::<LoopConfig>()), (232, 304));
    }
}
