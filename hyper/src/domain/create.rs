//! How a domain comes to be.

use core::sync::atomic::Ordering;

use ringwall_abi::xen::DomainHandle;
use ringwall_abi::{DomainId, Errno, VcpuId};
use ringwall_model::domain::Limits;
use ringwall_model::memory::Sharing;

use super::seat::{Domain, Power, Settings};
use super::table;
use crate::machine::memory;
use crate::{clock, pool, schedule};

/// Makes a domain without virtual CPUs or memory, paused once. `id` is a free number, or `None` to have
/// one picked.
///
/// # Errors
/// `EEXIST` for a number that is some domain's; `ENOMEM`.
pub(crate) fn create(
    id: Option<DomainId>,
    power: Power,
    limits: Limits,
    handle: DomainHandle,
    max_pages: u64,
) -> Result<&'static Domain, Errno> {
    if id.is_some_and(table::is_taken) {
        return Err(Errno::EEXIST);
    }
    let domain = table::take_seat(power)?;
    let seated = seat(domain, id, limits, handle, max_pages);
    if seated.is_err() {
        table::leave_seat(domain);
    }
    seated.map(|()| domain)
}

fn seat(
    domain: &'static Domain,
    id: Option<DomainId>,
    limits: Limits,
    handle: DomainHandle,
    max_pages: u64,
) -> Result<(), Errno> {
    let group = schedule::add_group().ok_or(Errno::ENOMEM)?;
    let shared = id
        .or_else(table::pick_id)
        .ok_or(Errno::ENOMEM)
        .and_then(|id| {
            let block = pool::allocate_clean(0, u64::BITS)?;
            match memory().share(block, id, Sharing::Writable) {
                Ok(shared) => Ok((id, shared)),
                Err((error, block)) => {
                    pool::free(block.into_block());
                    Err(error.into())
                }
            }
        });
    let (id, shared) = shared.inspect_err(|_| schedule::remove_group(group))?;
    let settings = Settings {
        handle,
        group: Some(group),
        created_ns: clock::now_ns(),
        ..Settings::new(limits)
    };
    domain.begin(id, settings, shared, max_pages);
    if !table::enter(domain) {
        // Between the look and here another CPU took the number.
        if let Some(shared) = domain.shared.lock().take() {
            memory().unshare(shared);
        }
        schedule::remove_group(group);
        return Err(Errno::EEXIST);
    }
    clock::publish_wall_clock(domain);
    Ok(())
}

/// Gives a domain its virtual CPUs, all down. Once: a second time nothing happens.
///
/// # Errors
/// `ENOMEM`; those that were made are the domain's, and the next call goes on with the others.
pub(crate) fn make_vcpus(domain: &'static Domain) -> Result<(), Errno> {
    let (limits, group) = domain.settings(|settings| (settings.limits, settings.group));
    let group = group.ok_or(Errno::EINVAL)?;
    for number in domain.vcpu_count()..limits.vcpus {
        let vcpu = domain.vcpu_seat(VcpuId::new(number))?;
        vcpu.begin(clock::now_ns())?;
        schedule::add(group, vcpu).ok_or(Errno::ENOMEM)?;
        vcpu.set_masked(true);
        domain.set_vcpu_count(number + 1);
        vcpu.up.store(false, Ordering::Release);
    }
    Ok(())
}
