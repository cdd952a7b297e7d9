//! Numbers, flags and constants: one line each.

use ringwall_abi::grant_table::GrantStatus;
use ringwall_abi::{DomainId, Errno};

use crate::headers::{Check, compare};

/// All members of enums of numbers.
macro_rules! numbers {
    ($($($path:ident)::+;)*) => {{
        let mut checks = Vec::new();
        $(
            for (value, header) in ringwall_abi::$($path)::+::TABLE {
                checks.push(check(stringify!($($path)::+), header, u64::from(value.number())));
                assert_eq!(
                    ringwall_abi::$($path)::+::from_number(value.number().into()),
                    Some(*value)
                );
                assert_eq!(value.to_string(), *header);
            }
        )*
        checks
    }};
}

/// All members of sets of flags.
macro_rules! flags {
    ($($($path:ident)::+;)*) => {{
        let mut checks = Vec::new();
        $(
            for (value, header) in ringwall_abi::$($path)::+::TABLE {
                checks.push(check(stringify!($($path)::+), header, u64::from(value.bits())));
            }
        )*
        checks
    }};
}

macro_rules! constants {
    ($($($path:ident)::+ = $c:literal;)*) => {
        vec![$(check(stringify!($($path)::+), $c, ringwall_abi::$($path)::+ as u64),)*]
    };
}

fn check(what: &str, c: &str, rust: u64) -> Check {
    Check {
        what: what.replace(' ', ""),
        c: c.to_owned(),
        rust,
    }
}

#[test]
fn numbers_are_the_headers() {
    let checks = numbers! {
        arch_x86::SegmentBase;
        arch_x86::mca::McaOp;
        callback::CallbackOp;
        callback::CallbackType;
        domctl::PageFrameType;
        domctl::DomctlOp;
        domctl::SchedulerId;
        domctl::SchedulerCommand;
        elfnote::ElfNote;
        event_channel::EventChannelOp;
        event_channel::StatusCode;
        features::Feature;
        grant_table::GrantType;
        grant_table::GrantOp;
        io::blkif::BlockOp;
        io::netif::ExtraType;
        io::xenbus::DeviceState;
        io::xs_wire::MessageType;
        memory::MemoryOp;
        memory::MapSpace;
        memory::ResourceType;
        nmi::NmiOp;
        physdev::MapPirqType;
        physdev::PhysdevOp;
        platform::FirmwareInfoType;
        platform::EfiInfo;
        platform::EfiRuntimeFunction;
        platform::PlatformOp;
        sched::SchedOp;
        sched::ShutdownReason;
        sysctl::SysctlOp;
        sysctl::CpupoolCommand;
        vcpu::VcpuOp;
        vcpu::Runstate;
        version::VersionOp;
        xen::VmAssistCommand;
        xen::VmAssistType;
        xen::ConsoleIoOp;
        xen::Hypercall;
        xen::MmuUpdateCommand;
        xen::MmuExtCommand;
        xen::VideoType;
        xen::Virq;
    };
    compare("numbers", &checks);
}

#[test]
fn flags_are_the_headers() {
    let checks = flags! {
        arch_x86::TrapFlags;
        arch_x86::VcpuContextFlags;
        arch_x86::cpuid::FeatureFlags;
        arch_x86::mca::McFlags;
        arch_x86::EmulationFlags;
        callback::CallbackFlags;
        domctl::CreateFlags;
        domctl::DomainFlags;
        domctl::AffinityFlags;
        event_channel::EventWord;
        event_channel::BindPirqFlags;
        grant_table::CopyFlags;
        grant_table::GrantEntryFlags;
        grant_table::GrantMapFlags;
        grant_table::CacheFlushFlags;
        io::blkif::DiscardFlags;
        io::blkif::DiskInfoFlags;
        io::netif::TxFlags;
        io::netif::RxFlags;
        memory::MemoryFlags;
        nmi::NmiReason;
        physdev::IrqStatusFlags;
        physdev::PciDeviceFlags;
        physdev::MmcfgFlags;
        platform::SleepFlags;
        platform::PcpuFlags;
        sysctl::PhysCapabilities;
        vcpu::SingleshotFlags;
        xen::VaMappingFlags;
        xen::PvclockFlags;
        xen::StartFlags;
    };
    compare("flags", &checks);
}

#[test]
fn errors_and_statuses_are_the_headers() {
    let errors = Errno::TABLE
        .iter()
        .map(|(errno, name)| check(name, &format!("errno_{name}"), *errno as u64));
    let statuses = GrantStatus::TABLE.iter().map(|(status, name)| {
        check(
            name,
            &format!("(uint16_t){name}"),
            status.number() as u16 as u64,
        )
    });
    compare("errors", &errors.chain(statuses).collect::<Vec<_>>());
}

#[test]
fn domain_numbers_are_the_headers() {
    let checks = [
        (DomainId::FIRST_RESERVED, "DOMID_FIRST_RESERVED"),
        (DomainId::SELF, "DOMID_SELF"),
        (DomainId::IO, "DOMID_IO"),
        (DomainId::XEN, "DOMID_XEN"),
        (DomainId::COW, "DOMID_COW"),
        (DomainId::INVALID, "DOMID_INVALID"),
        (DomainId::IDLE, "DOMID_IDLE"),
    ]
    .map(|(domain, name)| check(name, name, domain.raw().into()));
    compare("domains", &checks);
}

#[test]
fn constants_are_the_headers() {
    let checks = constants! {
        xen::LEGACY_MAX_VCPUS = "XEN_LEGACY_MAX_VCPUS";
        xen::Virq::COUNT = "NR_VIRQS";
        xen::StartInfo::MAX_COMMAND_LINE = "MAX_GUEST_CMDLINE";
        arch_x86::HYPERVISOR_VIRT_START = "HYPERVISOR_VIRT_START";
        arch_x86::HYPERVISOR_VIRT_END = "HYPERVISOR_VIRT_END";
        arch_x86::MACH2PHYS_VIRT_START = "MACH2PHYS_VIRT_START";
        arch_x86::MACH2PHYS_VIRT_END = "MACH2PHYS_VIRT_END";
        arch_x86::MACH2PHYS_NR_ENTRIES = "MACH2PHYS_NR_ENTRIES";
        arch_x86::FIRST_RESERVED_GDT_PAGE = "FIRST_RESERVED_GDT_PAGE";
        arch_x86::FIRST_RESERVED_GDT_BYTE = "FIRST_RESERVED_GDT_BYTE";
        arch_x86::FIRST_RESERVED_GDT_ENTRY = "FIRST_RESERVED_GDT_ENTRY";
        arch_x86::FLAT_RING3_CS32 = "FLAT_RING3_CS32";
        arch_x86::FLAT_RING3_CS64 = "FLAT_RING3_CS64";
        arch_x86::FLAT_RING3_DS32 = "FLAT_RING3_DS32";
        arch_x86::FLAT_RING3_DS64 = "FLAT_RING3_DS64";
        arch_x86::FLAT_RING3_SS32 = "FLAT_RING3_SS32";
        arch_x86::FLAT_RING3_SS64 = "FLAT_RING3_SS64";
        arch_x86::FLAT_KERNEL_CS = "FLAT_KERNEL_CS";
        arch_x86::FLAT_KERNEL_DS = "FLAT_KERNEL_DS";
        arch_x86::FLAT_KERNEL_SS = "FLAT_KERNEL_SS";
        arch_x86::FLAT_USER_CS32 = "FLAT_USER_CS32";
        arch_x86::FLAT_USER_CS64 = "FLAT_USER_CS64";
        arch_x86::FLAT_USER_DS32 = "FLAT_USER_DS32";
        arch_x86::FLAT_USER_SS = "FLAT_USER_SS";
        arch_x86::NO_SUBLEAF = "XEN_CPUID_NO_SUBLEAF";
        arch_x86::cpuid::FIRST_LEAF = "XEN_CPUID_FIRST_LEAF";
        arch_x86::cpuid::MAX_NUM_LEAVES = "XEN_CPUID_MAX_NUM_LEAVES";
        arch_x86::cpuid::MACHINE_ADDRESS_WIDTH_MASK = "XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK";
        arch_x86::mca::INTERFACE_VERSION = "XEN_MCA_INTERFACE_VERSION";
        event_channel::TWO_LEVEL_NR_CHANNELS = "EVTCHN_2L_NR_CHANNELS";
        event_channel::FIFO_PRIORITY_MAX = "EVTCHN_FIFO_PRIORITY_MAX";
        event_channel::FIFO_PRIORITY_DEFAULT = "EVTCHN_FIFO_PRIORITY_DEFAULT";
        event_channel::FIFO_PRIORITY_MIN = "EVTCHN_FIFO_PRIORITY_MIN";
        event_channel::FIFO_MAX_QUEUES = "EVTCHN_FIFO_MAX_QUEUES";
        event_channel::FIFO_LINK_BITS = "EVTCHN_FIFO_LINK_BITS";
        event_channel::FIFO_LINK_MASK = "EVTCHN_FIFO_LINK_MASK";
        event_channel::FIFO_NR_CHANNELS = "EVTCHN_FIFO_NR_CHANNELS";
        features::SUBMAPS = "XENFEAT_NR_SUBMAPS";
        grant_table::RESERVED_ENTRIES = "GNTTAB_NR_RESERVED_ENTRIES";
        grant_table::RESERVED_CONSOLE = "GNTTAB_RESERVED_CONSOLE";
        grant_table::RESERVED_XENSTORE = "GNTTAB_RESERVED_XENSTORE";
        memory::GRANT_TABLE_STATUS_INDEX = "XENMAPIDX_grant_table_status";
        platform::INTERFACE_VERSION = "XENPF_INTERFACE_VERSION";
        domctl::INTERFACE_VERSION = "XEN_DOMCTL_INTERFACE_VERSION";
        domctl::GRANT_VERSION_MASK = "XEN_DOMCTL_GRANT_version_mask";
        domctl::INVALID_MAX_VCPU_ID = "XEN_INVALID_MAX_VCPU_ID";
        domctl::DomainFlags::SHUTDOWN_SHIFT = "XEN_DOMINF_shutdownshift";
        domctl::DomainFlags::SHUTDOWN_MASK = "XEN_DOMINF_shutdownmask";
        sysctl::INTERFACE_VERSION = "XEN_SYSCTL_INTERFACE_VERSION";
        sysctl::INVALID_ID = "XEN_INVALID_NODE_ID";
        vcpu::RunstateInfo::UPDATE = "XEN_RUNSTATE_UPDATE";
        io::blkif::MAX_SEGMENTS = "BLKIF_MAX_SEGMENTS_PER_REQUEST";
        io::blkif::MAX_INDIRECT_PAGES = "BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST";
        io::blkif::BlockResponse::NOT_SUPPORTED = "BLKIF_RSP_EOPNOTSUPP";
        io::blkif::BlockResponse::ERROR = "BLKIF_RSP_ERROR";
        io::netif::TxResponse::DROPPED = "NETIF_RSP_DROPPED";
        io::netif::TxResponse::NULL = "NETIF_RSP_NULL";
        io::netif::SLOTS_MIN = "XEN_NETIF_NR_SLOTS_MIN";
        io::netif::MAX_TX_SIZE = "XEN_NETIF_MAX_TX_SIZE";
        io::xs_wire::PAYLOAD_MAX = "XENSTORE_PAYLOAD_MAX";
        io::xs_wire::ABSOLUTE_PATH_MAX = "XENSTORE_ABS_PATH_MAX";
        io::xs_wire::RELATIVE_PATH_MAX = "XENSTORE_REL_PATH_MAX";
        io::xs_wire::StoreRing::SIZE = "XENSTORE_RING_SIZE";
    };
    compare("constants", &checks);
}

#[test]
fn rings_have_the_headers_number_of_entries() {
    use ringwall_abi::io::{blkif, netif, ring};
    let checks = [
        (
            "blkif",
            ring::entries(4096, size_of::<blkif::BlockRequest>()),
        ),
        (
            "netif_tx",
            ring::entries(4096, size_of::<netif::TxRequest>()),
        ),
        (
            "netif_rx",
            ring::entries(4096, size_of::<netif::RxRequest>()),
        ),
    ]
    .map(|(name, entries)| {
        check(
            name,
            &format!("DEFAULT_RING_ENTRIES({name})"),
            entries as u64,
        )
    });
    compare("rings", &checks);
    assert_eq!(ring::entries(64, 8), 0);
    assert_eq!(ring::entries(4096, 0), 0);
}
