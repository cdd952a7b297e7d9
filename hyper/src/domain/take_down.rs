//! How a domain is taken down.
//!
//! Each step can be repeated, and each is bounded or asks whether something else waits. So the whole
//! needs to remember nothing: to go on is to begin again, where what is done is found done.

use core::sync::atomic::Ordering;

use ringwall_abi::Port;
use ringwall_model::domain::Phase;
use ringwall_model::event::Virq;
use ringwall_model::memory::{Error, Machine, Stale};

use super::seat::Domain;
use super::{end, table, virq};
use crate::hypercall::close_port;
use crate::machine::{MACHINE, memory};
use crate::pool;
use crate::schedule;
use crate::vcpu::Vcpu;

/// Something else waits: to be called again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted;

/// Takes a domain down: its virtual CPUs, ports, mappings of what others grant, and frames. What others
/// hold of it then keeps it in the table, dead.
///
/// # Errors
/// [`Interrupted`].
pub(crate) fn take_down(domain: &'static Domain) -> Result<(), Interrupted> {
    if domain.life().phase() == Phase::Dead {
        reap(domain);
        return Ok(());
    }
    if domain.life().begin_end() {
        domain.memory().lock().set_dying();
        // To give up a claim is never refused.
        let _ = pool::claim(domain, 0);
        domain.ports().kill();
        end::stop(domain);
    }
    for vcpu in domain.vcpus() {
        release_state(vcpu).map_err(|_| Interrupted)?;
    }
    close_ports(domain)?;
    domain.grants().undo_mappings()?;
    memory().relinquish(domain.id()).map_err(|_| Interrupted)?;
    if domain.life().set_dead() {
        table::count_dead(|dead| _ = dead.fetch_add(1, Ordering::Relaxed));
        // Its number may be had of it for a while, or for long: a toolstack looks once more then.
        virq::raise(Virq::DOM_EXC);
    }
    reap(domain);
    Ok(())
}

/// Takes from a virtual CPU what it holds of frames: descriptors, `vcpu_info`, roots.
///
/// It does not run, and this CPU runs another: no CR3 has its roots.
///
/// # Errors
/// [`Error::Preempted`]: to be called again.
pub(crate) fn release_state(vcpu: &Vcpu) -> Result<(), Error> {
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    memory().finish(&mut state.unfinished)?;
    for page in 0..state.gdt.len() {
        state.window.set_gdt_page(page, None);
    }
    for page in 0..state.ldt.len() {
        state.window.set_ldt_page(page, None);
    }
    let descriptors = state.gdt.iter_mut().chain(state.ldt.iter_mut());
    for page in descriptors.filter_map(Option::take) {
        memory().put_descriptor_page(page, Stale::Flushed);
    }
    (state.gdt_entries, state.ldt_entries) = (0, 0);
    // Events that come until its ports are closed go to the shared page again.
    vcpu.reset_info_address();
    if let Some(page) = state.info_page.take() {
        memory().put_writable(page, Stale::Flushed);
    }
    // One after the other: what is interrupted is finished before the next is taken.
    if let Some(root) = state.user_root.take() {
        memory().release_root(root, &mut state.unfinished);
        memory().finish(&mut state.unfinished)?;
    }
    if let Some(root) = state.kernel_root.take() {
        memory().release_root(root, &mut state.unfinished);
        memory().finish(&mut state.unfinished)?;
    }
    Ok(())
}

fn close_ports(domain: &'static Domain) -> Result<(), Interrupted> {
    while let Some(port) = domain.ports().next_open(Port::new(0)) {
        // Only a port that is not open can't be closed.
        let _ = close_port(domain, port);
        if MACHINE.should_preempt() {
            return Err(Interrupted);
        }
    }
    Ok(())
}

/// Forgets a dead domain, if nobody holds anything of it: neither frames, nor entries of its grant
/// table, nor the frames that it shared with the hypervisor.
pub(super) fn reap(domain: &'static Domain) {
    let id = domain.id();
    let lingers = domain.memory().lock().total_pages() != 0
        || domain.grants().is_held()
        || domain
            .shared
            .lock()
            .as_ref()
            .is_some_and(|shared| !memory().is_unmapped(shared));
    if lingers || !domain.vcpus().all(schedule::remove) {
        return;
    }
    if let Some(group) = domain.settings(|settings| settings.group.take()) {
        schedule::remove_group(group);
    }
    // Nobody finds it from here on, so nobody takes another reference.
    table::remove(id);
    if let Some(shared) = domain.shared.lock().take() {
        memory().unshare(shared);
    }
    domain.grants().give_back();
    domain.set_vcpu_count(0);
    domain.memory_map().clear();
    virq::forget(id);
    table::count_dead(|dead| _ = dead.fetch_sub(1, Ordering::Relaxed));
    table::leave_seat(domain);
    virq::raise(Virq::DOM_EXC);
}
