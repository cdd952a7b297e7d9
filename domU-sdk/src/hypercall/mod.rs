//! Hypercalls by their names, with typed arguments.
//!
//! What can harm nobody is safe to call. What can take from under Rust what it relies on (a mapping, a
//! frame, a handler, a stack), or writes where an argument says, is `unsafe`, and the modules of this
//! crate build what is safe on it. [`raw`] makes any hypercall.

mod console_io;
mod control;
mod error;
mod event_channel;
mod grant_table;
mod machine;
mod memory;
mod mmu;
mod multicall;
mod physmap;
mod sched;
mod traps;
mod vcpu;
mod version;

use ringwall_abi::Hypercall;

pub use crate::raw::call::hypercall as raw;
pub use console_io::{console_read, console_write};
pub use control::{domctl, physdev_op, platform_op, ringwall, sysctl};
pub use error::Error;
pub use event_channel::{
    event_alloc_unbound, event_bind_interdomain, event_bind_ipi, event_bind_pirq, event_bind_vcpu,
    event_bind_virq, event_close, event_expand_array, event_init_control, event_reset, event_send,
    event_set_priority, event_status, event_unmask,
};
pub use grant_table::{
    grant_cache_flush, grant_copy, grant_get_version, grant_map, grant_query_size,
    grant_set_version, grant_setup_table, grant_swap, grant_transfer, grant_unmap,
    grant_unmap_and_replace,
};
pub use machine::{
    FpuTrap, fpu_taskswitch, get_debugreg, set_debugreg, set_gdt, update_descriptor, vm_assist,
};
pub use memory::{
    current_reservation, decrease_reservation, increase_reservation, machine_memory_map,
    machphys_end, maximum_gpfn, maximum_ram_page, maximum_reservation, memory_map,
    populate_physmap,
};
pub use mmu::{
    mmu_update, mmuext_op, mmuext_op_otherdomain, update_va_mapping, update_va_mapping_otherdomain,
};
pub use multicall::{multicall, multicall_entry, multicall_result};
pub use physmap::{
    acquire_resource, add_to_physmap, add_to_physmap_batch, memory_exchange, pod_target,
    remove_from_physmap, resource_size, set_memory_map, set_pod_target,
};
pub use sched::{block, poll, remote_shutdown, shutdown, shutdown_code, suspend, yield_now};
pub use traps::{
    register_callback, register_nmi, set_callbacks, set_segment_base, set_trap_table, stack_switch,
    unregister_callback, unregister_nmi,
};
pub use vcpu::{
    set_timer, vcpu_down, vcpu_initialise, vcpu_is_up, vcpu_physid, vcpu_register_info,
    vcpu_register_runstate, vcpu_register_time, vcpu_runstate, vcpu_send_nmi,
    vcpu_set_periodic_timer, vcpu_set_singleshot_timer, vcpu_stop_periodic_timer,
    vcpu_stop_singleshot_timer, vcpu_up,
};
pub use version::{
    build_id, capabilities, changeset, compile_info, extra_version, features, guest_handle,
    hypervisor_command_line, page_size, platform_parameters, xen_version,
};

/// What a hypercall that succeeded has left in `rax`, or why it was refused.
pub type Result<T = u64> = core::result::Result<T, Error>;

/// Makes a hypercall; its result, unless that is an error.
///
/// # Safety
///
/// As of [`raw`].
///
/// # Errors
///
/// What the hypervisor says.
#[expect(unsafe_code, reason = "passes its contract on")]
pub unsafe fn call<const COUNT: usize>(number: Hypercall, arguments: [u64; COUNT]) -> Result {
    let mut all = [0; 5];
    for (place, argument) in all.iter_mut().zip(arguments) {
        *place = argument;
    }
    // SAFETY: as the caller promises.
    let rax = unsafe { raw(u64::from(number.number()), all) };
    Error::check(number, rax)
}

/// The address of an argument that the hypervisor reads.
pub(crate) fn address<T: ?Sized>(argument: &T) -> u64 {
    core::ptr::from_ref(argument)
        .cast::<()>()
        .expose_provenance() as u64
}

/// The address of an argument that the hypervisor also writes.
pub(crate) fn address_mut<T: ?Sized>(argument: &mut T) -> u64 {
    core::ptr::from_mut(argument)
        .cast::<()>()
        .expose_provenance() as u64
}
