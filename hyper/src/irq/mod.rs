//! Physical interrupts.
//!
//! The hypervisor keeps the controllers: the local APIC, with its timer, and the IO-APICs. dom0's
//! interrupts arrive here, and go to its event channels; what stands behind each of its PIRQs is
//! decided by [`ringwall_model::irq`].

mod controllers;
mod dispatch;
mod kept;
mod lines;
mod messages;

pub(crate) use controllers::{apic, firmware, init, is_pending, read_io_apic, set_timer};
pub(crate) use dispatch::dispatch;
pub(crate) use kept::{is_kept, is_port_denied, keep_serial_ports};
pub(crate) use lines::{
    Lines, end, forget, map_messages, map_pin, reserve, restore, set_signal, status, unmap,
};
