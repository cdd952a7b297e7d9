//! `XENPF_get_cpuinfo` and `XENPF_get_cpu_version` tell of a physical CPU: on, or none of its number; its model, or zeroes.
//! `XENPF_cpu_online` and `_offline` switch CPUs, but not the last one off: `public/platform.h`. Power states of a kind that
//! is none are `EINVAL`.
#![no_std]
#![no_main]

use guests::control::platform;
use guests::sdk::abi::Errno;
use guests::sdk::abi::platform::{
    CpuOnline, PcpuFlags, PcpuInfo, PcpuVersion, PlatformOp, SetProcessorPminfo,
};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let mut info = PcpuInfo::default();
    granted("get_cpuinfo", platform(PlatformOp::GetCpuinfo, &mut info))?;
    ensure!(
        info.flags.contains(PcpuFlags::ONLINE),
        "the first CPU: {:?}",
        info.flags
    );
    equal("the highest one", info.max_present, 0)?;
    for cpu in [1, 77, u32::MAX] {
        let mut info = PcpuInfo {
            xen_cpuid: cpu,
            ..PcpuInfo::default()
        };
        granted("get_cpuinfo", platform(PlatformOp::GetCpuinfo, &mut info))?;
        equal("no CPU", info.flags, PcpuFlags::INVALID)?;
    }
    let mut version = PcpuVersion::default();
    granted(
        "get_cpu_version",
        platform(PlatformOp::GetCpuVersion, &mut version),
    )?;
    ensure!(
        version.vendor_id == *b"AuthenticAMD" || version.vendor_id == *b"GenuineIntel",
        "the vendor is {:?}",
        version.vendor_id
    );
    ensure!(version.family >= 5, "family {}", version.family);
    for cpu in [1, 77, u32::MAX] {
        let mut version = PcpuVersion {
            xen_cpuid: cpu,
            family: 77,
            ..PcpuVersion::default()
        };
        granted(
            "get_cpu_version",
            platform(PlatformOp::GetCpuVersion, &mut version),
        )?;
        equal("no CPU", (version.family, version.vendor_id), (0, [0; 12]))?;
    }
    for operation in [PlatformOp::CpuOnline, PlatformOp::CpuOffline] {
        let answer = platform(operation, &mut CpuOnline { cpuid: 77 });
        refused(
            format_args!("{operation} of no CPU"),
            answer,
            &[Errno::EINVAL, Errno::EOPNOTSUPP],
        )?;
    }
    let last = platform(PlatformOp::CpuOffline, &mut CpuOnline { cpuid: 0 });
    refused("the last one off", last, &[Errno::EOPNOTSUPP])?;
    for kind in [4, 99, u32::MAX] {
        let mut states = SetProcessorPminfo {
            kind,
            ..SetProcessorPminfo::default()
        };
        let answer = platform(PlatformOp::SetProcessorPminfo, &mut states);
        refused("states of no kind", answer, &[Errno::EINVAL])?;
    }
    Ok(())
}
