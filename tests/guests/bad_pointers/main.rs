//! Pointers to nothing: whatever a hypercall reads or writes at an address that the guest has no memory at is `EFAULT`, and
//! the guest goes on: `public/xen.h`. The hypervisor's own memory is such an address: Lesson 59.
#![no_std]
#![no_main]

use guests::sdk::abi::callback::CallbackOp;
use guests::sdk::abi::event_channel::EventChannelOp;
use guests::sdk::abi::grant_table::GrantOp;
use guests::sdk::abi::memory::MemoryOp;
use guests::sdk::abi::physdev::PhysdevOp;
use guests::sdk::abi::sched::SchedOp;
use guests::sdk::abi::vcpu::VcpuOp;
use guests::sdk::abi::version::VersionOp;
use guests::sdk::abi::xen::ConsoleIoOp;
use guests::sdk::abi::{Errno, Hypercall};
use guests::{Check, ask, ensure, refused};

guests::rule!(check);

const SELF: u64 = 0x7ff0;

/// Addresses at which no guest has memory.
const NOWHERE: [(&str, u64); 6] = [
    ("null", 0),
    ("unmapped", 0x10_0000_0000),
    ("the lower half's end", 0x7fff_ffff_fffc),
    ("non-canonical", 0x8000_0000_0000_0000),
    ("the hypervisor's", 0xffff_8200_0000_0000),
    ("the end of all", 0xffff_ffff_ffff_fffc),
];

type Arguments = fn(u64) -> [u64; 4];

/// Hypercalls that read or write at an address.
const CALLS: [(&str, Hypercall, Arguments); 20] = [
    ("mmu_update", Hypercall::MmuUpdate, |at| [at, 1, 0, SELF]),
    ("mmuext_op", Hypercall::MmuextOp, |at| [at, 1, 0, SELF]),
    ("multicall", Hypercall::Multicall, |at| [at, 2, 0, 0]),
    ("set_trap_table", Hypercall::SetTrapTable, |at| {
        [at, 0, 0, 0]
    }),
    ("set_gdt", Hypercall::SetGdt, |at| [at, 8, 0, 0]),
    ("exchange", Hypercall::MemoryOp, |at| {
        [MemoryOp::Exchange as u64, at, 0, 0]
    }),
    ("machine_memory_map", Hypercall::MemoryOp, |at| {
        [MemoryOp::MachineMemoryMap as u64, at, 0, 0]
    }),
    ("alloc_unbound", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::AllocUnbound as u64, at, 0, 0]
    }),
    ("send", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::Send as u64, at, 0, 0]
    }),
    ("get_runstate_info", Hypercall::VcpuOp, |at| {
        [VcpuOp::GetRunstateInfo as u64, 0, at, 0]
    }),
    ("register_vcpu_info", Hypercall::VcpuOp, |at| {
        [VcpuOp::RegisterVcpuInfo as u64, 0, at, 0]
    }),
    ("map_grant_ref", Hypercall::GrantTableOp, |at| {
        [GrantOp::MapGrantRef as u64, at, 1, 0]
    }),
    ("setup_table", Hypercall::GrantTableOp, |at| {
        [GrantOp::SetupTable as u64, at, 1, 0]
    }),
    ("query_size", Hypercall::GrantTableOp, |at| {
        [GrantOp::QuerySize as u64, at, 1, 0]
    }),
    ("poll", Hypercall::SchedOp, |at| {
        [SchedOp::Poll as u64, at, 0, 0]
    }),
    ("shutdown", Hypercall::SchedOp, |at| {
        [SchedOp::Shutdown as u64, at, 0, 0]
    }),
    ("get_features", Hypercall::XenVersion, |at| {
        [VersionOp::GetFeatures as u64, at, 0, 0]
    }),
    ("register", Hypercall::CallbackOp, |at| {
        [CallbackOp::Register as u64, at, 0, 0]
    }),
    ("eoi", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::Eoi as u64, at, 0, 0]
    }),
    ("write", Hypercall::ConsoleIo, |at| {
        [ConsoleIoOp::Write as u64, 8, at, 0]
    }),
];

fn check() -> Check {
    for (place, address) in NOWHERE {
        for (name, number, arguments) in CALLS {
            // No table is a valid one: it clears the handlers.
            if number == Hypercall::SetTrapTable && address == 0 {
                continue;
            }
            let answer = ask(number, arguments(address));
            refused(format_args!("{name} at {place}"), answer, &[Errno::EFAULT])?;
        }
        // These answer with the number of extents that they have come to (public/memory.h): none, says
        // Xen. Ringwall has the more telling answer; neither is the number that was asked for.
        for operation in [
            MemoryOp::IncreaseReservation,
            MemoryOp::DecreaseReservation,
            MemoryOp::PopulatePhysmap,
        ] {
            let answer = ask(Hypercall::MemoryOp, [operation as u64, address]);
            ensure!(
                answer.0 == 0 || answer.is(Errno::EFAULT),
                "{operation} at {place}: {answer}"
            );
        }
    }
    // Machine addresses, which no handle's rules guard.
    for address in [1 << 51, u64::MAX - 7, 1, 0x8000_0000_0000_0000] {
        let answer = ask(Hypercall::UpdateDescriptor, [address, 0]);
        refused(
            format_args!("update_descriptor at {address:#x}"),
            answer,
            &[Errno::EINVAL],
        )?;
    }
    Ok(())
}
