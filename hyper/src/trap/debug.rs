//! Debug exceptions.

use ringwall_hw::cpu::control;
use ringwall_hw::entry::GuestFrame;

use super::bounce::inject;
use crate::vcpu::Vcpu;

const DEBUG: u8 = 1;

/// A breakpoint or single step in the guest: recorded in its DR6, and its handler hears of it.
pub(super) fn on_debug(vcpu: &'static Vcpu, frame: &mut GuestFrame) {
    let status = control::debug_register(6);
    control::clear_debug_status();
    vcpu.state.lock().debug.report(status);
    inject(vcpu, frame, DEBUG, None);
}
