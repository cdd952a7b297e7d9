//! One ioctl with a structure that the kernel reads and may write.
// UNSAFETY: what an ioctl does with its argument is known to its caller alone.
#![expect(unsafe_code)]

use core::ffi::c_void;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::ioctl::{Direction, Ioctl, IoctlOutput, Opcode, opcode};

/// The number of an ioctl of Xen's devices, whose direction is always `_IOC_NONE`.
pub(super) const fn number(group: u8, number: u8, size: usize) -> Opcode {
    opcode::from_components(Direction::None, group, number, size)
}

struct Request {
    opcode: Opcode,
    argument: *mut c_void,
}

// SAFETY:
// 1. Opcode and pointer are what the caller of `ioctl` gave, who answers for both.
// 2. The output is the result alone.
unsafe impl Ioctl for Request {
    type Output = i32;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.argument
    }

    unsafe fn output_from_ptr(
        output: IoctlOutput,
        _: *mut c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(output)
    }
}

/// Does an ioctl; its result is not negative.
///
/// # Safety
/// `argument` leads to what this ioctl takes, and each address in there to memory that kernel and hypervisor
/// may use as the ioctl does while it runs.
pub(super) unsafe fn ioctl<T>(
    device: BorrowedFd<'_>,
    opcode: Opcode,
    argument: *mut T,
) -> Result<i32, Errno> {
    let argument = argument.cast();
    // SAFETY: the caller's promise is just what this asks for.
    unsafe { rustix::ioctl::ioctl(device, Request { opcode, argument }) }
}
