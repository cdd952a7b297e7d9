//! Interrupt controllers.

mod ioapic;
mod lapic;
mod pic;

use core::cell::Cell;

pub use ioapic::{IoApic, Route};
pub use lapic::{LocalApic, SPURIOUS_VECTOR};
pub use pic::disable as disable_pic;

use crate::cpu::local;

/// The interrupt that ended a wait. See [`wait`].
pub(crate) fn on_interrupt_in_idle(vector: u8) {
    let woken_by: &Cell<u8> = &local::current().woken_by;
    woken_by.set(vector);
}

/// Waits for an interrupt; its vector, or `None` if something else ended the wait.
pub fn wait() -> Option<u8> {
    let local = local::current();
    local.woken_by.set(0);
    crate::cpu::control::wait_for_interrupt();
    match local.woken_by.get() {
        0 => None,
        vector => Some(vector),
    }
}
