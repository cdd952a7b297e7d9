//! Physical CPUs.

use ringwall_abi::Errno;
use ringwall_abi::platform::{PcpuFlags, PcpuInfo, PcpuVersion, SetProcessorPminfo};
use ringwall_hw::acpi::Processor;
use ringwall_hw::cpu::features::cpuid;

use super::op::{read_body, write_body};
use crate::hypercall::{Call, Result};
use crate::irq;

/// `get_cpuinfo`. CPU 0 is the one that runs; the others are present, and off.
pub(super) fn tell_state(call: &Call<'_>) -> Result {
    let request: PcpuInfo = read_body(call)?;
    let found = processor(request.xen_cpuid);
    let info = PcpuInfo {
        xen_cpuid: request.xen_cpuid,
        max_present: last_processor(),
        flags: match (found, request.xen_cpuid) {
            (None, _) => PcpuFlags::INVALID,
            (Some(_), 0) => PcpuFlags::ONLINE,
            (Some(_), _) => PcpuFlags::empty(),
        },
        apic_id: found.map_or(u32::MAX, |found| found.apic_id.into()),
        acpi_id: found.map_or(u32::MAX, |found| found.acpi_id.into()),
    };
    write_body(call, &info)?;
    Ok(0)
}

/// `get_cpu_version`. For a CPU that is not on, all zeroes.
pub(super) fn tell_version(call: &Call<'_>) -> Result {
    let request: PcpuVersion = read_body(call)?;
    let mut version = PcpuVersion {
        xen_cpuid: request.xen_cpuid,
        max_present: last_processor(),
        ..Default::default()
    };
    if request.xen_cpuid == 0 {
        let [_, first, third, second] = cpuid(0, 0);
        for (bytes, word) in version.vendor_id.chunks_mut(4).zip([first, second, third]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        (version.family, version.model, version.stepping) = signature(cpuid(1, 0)[0]);
    }
    write_body(call, &version)?;
    Ok(0)
}

/// `set_processor_pminfo`: C and P states are taken and not used, since an idle CPU halts and its
/// frequency is left alone. Refused, dom0 would offer them again with each event. `EINVAL`: others.
pub(super) fn take_power_states(call: &Call<'_>) -> Result {
    /// `XEN_PM_PX`, the higher of the two; `XEN_PM_CX` is 0.
    const P_STATES: u32 = 1;
    let request: SetProcessorPminfo = read_body(call)?;
    if request.kind <= P_STATES {
        Ok(0)
    } else {
        Err(Errno::EINVAL.into())
    }
}

/// CPU `index`: the one that runs, then the others as the firmware lists them.
fn processor(index: u32) -> Option<Processor> {
    let boot_id = irq::apic()?.id();
    let listed = &irq::firmware()?.processors;
    match index.checked_sub(1) {
        None => {
            let boot = listed.iter().find(|processor| processor.apic_id == boot_id);
            Some(boot.copied().unwrap_or(Processor {
                apic_id: boot_id,
                acpi_id: 0,
            }))
        }
        Some(rest) => {
            let mut others = listed
                .iter()
                .filter(|processor| processor.apic_id != boot_id);
            others.nth(usize::try_from(rest).ok()?).copied()
        }
    }
}

fn last_processor() -> u32 {
    let listed = irq::firmware().map_or(0, |tables| tables.processors.len());
    u32::try_from(listed.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// Family, model and stepping. SDM vol. 2A, CPUID, figure 3-6.
fn signature(word: u32) -> (u32, u32, u32) {
    let (family, model) = (word >> 8 & 0xf, word >> 4 & 0xf);
    let (more_family, more_model) = (word >> 20 & 0xff, word >> 16 & 0xf);
    let model = if matches!(family, 6 | 15) {
        more_model << 4 | model
    } else {
        model
    };
    (
        if family == 15 {
            family + more_family
        } else {
            family
        },
        model,
        word & 0xf,
    )
}
