//! `physdev_op` (33): dom0's interrupts, I/O ports and PCI devices.
//!
//! Arguments: a subfunction, and its structure. Results: 0; `EFAULT`; `ENOSYS` for a subfunction
//! that is unknown or refused; `EPERM`, since all but `set_iopl` and `set_iobitmap` are for the
//! domain that drives the devices. The subfunctions name what else they give. Nothing is preempted.

mod interrupts;
mod messages;
mod op;
mod pci;
mod ports;

pub(super) use op::handle;
