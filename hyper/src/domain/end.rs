//! A domain's own end: it shuts down or crashes, and waits for its toolstack.

use ringwall_abi::Port;
use ringwall_abi::sched::ShutdownReason;
use ringwall_hw::log;
use ringwall_hw::{panic, reset};
use ringwall_model::event::Virq;

use super::seat::Domain;
use super::virq;
use crate::{event, schedule};

/// The domain ends, for a reason of [`ShutdownReason`]. With dom0 the machine ends.
pub(crate) fn shut_down(domain: &'static Domain, reason: u8) {
    if !domain.life().shut_down(reason) {
        return;
    }
    // What it announced before may have taken the place of what it says now.
    let reason = domain.life().shutdown_reason().unwrap_or(reason);
    let reason = ShutdownReason::from_number(reason.into());
    log!(
        Info,
        "{} shuts down: {}",
        domain.id(),
        reason.map_or("unknown reason", ShutdownReason::header_name)
    );
    stop(domain);
    if domain.is_privileged() {
        match reason {
            Some(ShutdownReason::Reboot | ShutdownReason::Watchdog) => reset::restart(),
            Some(ShutdownReason::Poweroff) => reset::power_off(),
            _ => panic::stop(),
        }
    }
    let port = domain.settings(|settings| settings.suspend_port);
    if reason == Some(ShutdownReason::Suspend)
        && port != 0
        && let Ok(Some(target)) = domain.ports().target(Port::new(port))
    {
        event::deliver(target);
    }
    virq::raise(Virq::DOM_EXC);
}

/// The domain can't go on; `true` for the first time. Whoever asks says why in the log.
pub(crate) fn crash(domain: &'static Domain) -> bool {
    let first = domain.life().shut_down(CRASH);
    stop(domain);
    if first && !domain.is_privileged() {
        virq::raise(Virq::DOM_EXC);
    }
    first
}

/// `SHUTDOWN_crash`, for a domain without a reason of its own.
const CRASH: u8 = 3;
const _: () = assert!(ShutdownReason::Crash as u32 == CRASH as u32);

/// Takes its virtual CPUs off the CPUs: they may not run.
pub(crate) fn stop(domain: &'static Domain) {
    for vcpu in domain.vcpus() {
        schedule::stop(vcpu);
    }
}

/// Lets its virtual CPUs run that can: it may.
pub(crate) fn start(domain: &'static Domain) {
    for vcpu in domain.vcpus() {
        schedule::start(vcpu);
        // Its periodic timer waited.
        schedule::set_deadline(vcpu);
    }
}
