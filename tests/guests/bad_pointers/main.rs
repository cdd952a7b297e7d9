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
const CALLS: [(&str, Hypercall, Arguments); 64] = [
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
    ("CurrentReservation", Hypercall::MemoryOp, |at| {
        [MemoryOp::CurrentReservation as u64, at, 0, 0]
    }),
    ("MaximumReservation", Hypercall::MemoryOp, |at| {
        [MemoryOp::MaximumReservation as u64, at, 0, 0]
    }),
    ("MaximumGpfn", Hypercall::MemoryOp, |at| {
        [MemoryOp::MaximumGpfn as u64, at, 0, 0]
    }),
    ("MachphysMapping", Hypercall::MemoryOp, |at| {
        [MemoryOp::MachphysMapping as u64, at, 0, 0]
    }),
    ("ClaimPages", Hypercall::MemoryOp, |at| {
        [MemoryOp::ClaimPages as u64, at, 0, 0]
    }),
    ("BindInterdomain", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::BindInterdomain as u64, at, 0, 0]
    }),
    ("BindVirq", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::BindVirq as u64, at, 0, 0]
    }),
    ("BindPirq", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::BindPirq as u64, at, 0, 0]
    }),
    ("BindIpi", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::BindIpi as u64, at, 0, 0]
    }),
    ("BindVcpu", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::BindVcpu as u64, at, 0, 0]
    }),
    ("Close", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::Close as u64, at, 0, 0]
    }),
    ("Status", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::Status as u64, at, 0, 0]
    }),
    ("Unmask", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::Unmask as u64, at, 0, 0]
    }),
    ("Reset", Hypercall::EventChannelOp, |at| {
        [EventChannelOp::Reset as u64, at, 0, 0]
    }),
    ("UnmapGrantRef", Hypercall::GrantTableOp, |at| {
        [GrantOp::UnmapGrantRef as u64, at, 1, 0]
    }),
    ("Copy", Hypercall::GrantTableOp, |at| {
        [GrantOp::Copy as u64, at, 1, 0]
    }),
    ("UnmapAndReplace", Hypercall::GrantTableOp, |at| {
        [GrantOp::UnmapAndReplace as u64, at, 1, 0]
    }),
    ("GetVersion", Hypercall::GrantTableOp, |at| {
        [GrantOp::GetVersion as u64, at, 1, 0]
    }),
    ("SetVersion", Hypercall::GrantTableOp, |at| {
        [GrantOp::SetVersion as u64, at, 1, 0]
    }),
    ("CacheFlush", Hypercall::GrantTableOp, |at| {
        [GrantOp::CacheFlush as u64, at, 1, 0]
    }),
    ("IrqStatusQuery", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::IrqStatusQuery as u64, at, 0, 0]
    }),
    ("SetIopl", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::SetIopl as u64, at, 0, 0]
    }),
    ("ApicRead", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::ApicRead as u64, at, 0, 0]
    }),
    ("AllocIrqVector", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::AllocIrqVector as u64, at, 0, 0]
    }),
    ("MapPirq", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::MapPirq as u64, at, 0, 0]
    }),
    ("UnmapPirq", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::UnmapPirq as u64, at, 0, 0]
    }),
    ("SetupGsi", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::SetupGsi as u64, at, 0, 0]
    }),
    ("GetFreePirq", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::GetFreePirq as u64, at, 0, 0]
    }),
    ("ManagePciAdd", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::ManagePciAdd as u64, at, 0, 0]
    }),
    ("PciDeviceAdd", Hypercall::PhysdevOp, |at| {
        [PhysdevOp::PciDeviceAdd as u64, at, 0, 0]
    }),
    ("platform_op", Hypercall::PlatformOp, |at| [at, 0, 0, 0]),
    ("sysctl", Hypercall::Sysctl, |at| [at, 0, 0, 0]),
    ("domctl", Hypercall::Domctl, |at| [at, 0, 0, 0]),
    ("ShutdownCode", Hypercall::SchedOp, |at| {
        [SchedOp::ShutdownCode as u64, at, 0, 0]
    }),
    ("RemoteShutdown", Hypercall::SchedOp, |at| {
        [SchedOp::RemoteShutdown as u64, at, 0, 0]
    }),
    ("Watchdog", Hypercall::SchedOp, |at| {
        [SchedOp::Watchdog as u64, at, 0, 0]
    }),
    ("CompileInfo", Hypercall::XenVersion, |at| {
        [VersionOp::CompileInfo as u64, at, 0, 0]
    }),
    ("Capabilities", Hypercall::XenVersion, |at| {
        [VersionOp::Capabilities as u64, at, 0, 0]
    }),
    ("Changeset", Hypercall::XenVersion, |at| {
        [VersionOp::Changeset as u64, at, 0, 0]
    }),
    ("PlatformParameters", Hypercall::XenVersion, |at| {
        [VersionOp::PlatformParameters as u64, at, 0, 0]
    }),
    ("GuestHandle", Hypercall::XenVersion, |at| {
        [VersionOp::GuestHandle as u64, at, 0, 0]
    }),
    ("CommandLine", Hypercall::XenVersion, |at| {
        [VersionOp::CommandLine as u64, at, 0, 0]
    }),
    ("ExtraVersion", Hypercall::XenVersion, |at| {
        [VersionOp::ExtraVersion as u64, at, 0, 0]
    }),
    ("unregister", Hypercall::CallbackOp, |at| {
        [CallbackOp::Unregister as u64, at, 0, 0]
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
