//! Interrupts that arrive.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::DomainId;
use ringwall_hw::irq::SPURIOUS_VECTOR;
use ringwall_hw::{console, log};
use ringwall_model::event::Virq;
use ringwall_model::irq::Arrival;

use super::controllers::{CONSOLE_VECTOR, TIMER_VECTOR, controllers};
use super::lines;
use crate::{clock, domain, event, schedule};

/// Handles an interrupt that the CPU took.
pub(crate) fn dispatch(vector: u8) {
    let Some(controllers) = controllers() else { return };
    match vector {
        // It is not in service: nothing to end. SDM vol. 3A, 11.9.
        SPURIOUS_VECTOR => {}
        TIMER_VECTOR => {
            controllers.apic.end_of_interrupt();
            schedule::on_timer();
        }
        CONSOLE_VECTOR => {
            controllers.apic.end_of_interrupt();
            on_console();
        }
        _ => {
            // A pin that signals by level is masked before the end, or it would come again at once.
            let arrival = lines::arrive(controllers, vector);
            controllers.apic.end_of_interrupt();
            on_device(vector, arrival);
        }
    }
}

fn on_console() {
    if console::on_interrupt()
        && let Some(dom0) = domain::find(DomainId::DOM0)
    {
        event::raise_global_virq(dom0, Virq::CONSOLE);
    }
}

fn on_device(vector: u8, arrival: Arrival) {
    match arrival {
        Arrival::Raise(pirq) | Arrival::Hold(pirq, _) => {
            if let Some(dom0) = domain::find(DomainId::DOM0) {
                event::raise_pirq(dom0, pirq);
            }
        }
        Arrival::Dropped => {}
        Arrival::Unknown => complain(vector),
    }
}

/// Names a vector that nobody should use, at most once a second.
fn complain(vector: u8) {
    const SECOND_NS: u64 = 1_000_000_000;
    static NEXT_NS: AtomicU64 = AtomicU64::new(0);
    let now_ns = clock::now_ns();
    if now_ns >= NEXT_NS.load(Ordering::Relaxed) {
        NEXT_NS.store(now_ns + SECOND_NS, Ordering::Relaxed);
        log!(Warning, "interrupt {vector:#04x} belongs to no device");
    }
}
