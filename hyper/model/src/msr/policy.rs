//! The closed list.
//!
//! What is on it: registers that PV Linux reads or writes without being ready for a fault, and those
//! that mean something for a guest. Linux tries all others with a fault handler, or keeps off them
//! since CPUID hides the feature. STAR, LSTAR, CSTAR, SFMASK and SYSENTER are not on it: Linux drops
//! its writes to them itself, and a kernel that doesn't must not believe that they worked.

use super::numbers as msr;
use crate::emulate::Canonical;
use ringwall_abi::Mfn;

/// Who made the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Intel.
    Intel,
    /// AMD, and Hygon.
    Amd,
    /// Anyone else.
    Other,
}

impl Vendor {
    /// The vendor that EBX, EDX, ECX of CPUID leaf 0 spell.
    #[must_use]
    pub fn from_signature(ebx: u32, edx: u32, ecx: u32) -> Self {
        let mut name = [0; 12];
        for (bytes, word) in name.chunks_exact_mut(4).zip([ebx, edx, ecx]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        match &name {
            b"GenuineIntel" => Self::Intel,
            b"AuthenticAMD" | b"HygonGenuine" => Self::Amd,
            _ => Self::Other,
        }
    }
}

/// What a domain is to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It drives the hardware: dom0.
    Hardware,
    /// It doesn't.
    Ordinary,
}

/// The vCPU that executes RDMSR or WRMSR, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Its domain's role.
    pub role: Role,
    /// The processor's vendor, as CPUID shows it.
    pub vendor: Vendor,
    /// Its number in its domain; 0 is the boot processor.
    pub vcpu: u32,
    /// The processor's EFER.
    pub efer: u64,
    /// Whether the guest's CPUID has RDTSCP or RDPID, and with them TSC_AUX.
    pub has_tsc_aux: bool,
    /// Whether the guest's CPUID has ARCH_CAPABILITIES.
    pub has_arch_capabilities: bool,
}

/// What a guest's RDMSR gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// This value.
    Value(u64),
    /// These bits of the processor's own register. It may not be there: a fault is caught, and
    /// becomes the guest's.
    Host {
        /// The bits that the guest sees.
        mask: u64,
    },
    /// The base of FS.
    FsBase,
    /// The base of GS that is in force in the guest's present mode.
    GsBase,
    /// The base of GS of the guest's user mode.
    KernelGsBase,
    /// The vCPU's time-stamp counter.
    Tsc,
    /// The vCPU's TSC_AUX.
    TscAux,
    /// #GP.
    Fault,
}

/// What a guest's WRMSR does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets the base of FS.
    FsBase(Canonical),
    /// Sets the base of GS that is in force in the guest's present mode.
    GsBase(Canonical),
    /// Sets the base of GS of the guest's user mode.
    KernelGsBase(Canonical),
    /// Sets the vCPU's TSC_AUX.
    TscAux(u32),
    /// Fills this frame, which has to be the guest's and writable, with the hypercall page.
    HypercallPage(Mfn),
    /// Nothing, silently.
    Ignore,
    /// #GP.
    Fault,
}

/// The page attribute table that every guest runs with, as the ABI fixes it: WB, WT, UC-, UC,
/// WC, WP, UC, UC.
pub const PAT: u64 = 0x0000_0501_0007_0406;

/// APIC_BASE: enabled, at its usual address.
const APIC_ENABLED: u64 = 0xfee0_0800;
const APIC_BOOT_PROCESSOR: u64 = 1 << 8;
/// EFER: SCE, LME, LMA, NXE.
const EFER_SEEN: u64 = 0xd01;
/// FEATURE_CONTROL: locked, with everything off.
const FEATURE_CONTROL_LOCKED: u64 = 1;
/// MISC_ENABLE: fast strings; neither branch traces nor precise events; no xTPR messages.
const MISC_ENABLE: u64 = 1 | 1 << 11 | 1 << 12 | 1 << 23;
/// HWCR: the TSC counts at the P0 frequency.
const HWCR_TSC_AT_P0: u64 = 1 << 24;
/// DE_CFG: LFENCE is serializing.
const DE_CFG_LFENCE_SERIALIZES: u64 = 1 << 1;
/// ARCH_CAPABILITIES: what the processor is not vulnerable to, and RSBA and RRSBA, which it is. No
/// bit that stands for another register.
const ARCH_CAPABILITIES_SEEN: u64 = 1 << 0 // RDCL_NO
    | 1 << 2 // RSBA
    | 1 << 3 // SKIP_L1DFL_VMENTRY
    | 1 << 4 // SSB_NO
    | 1 << 5 // MDS_NO
    | 1 << 6 // IF_PSCHANGE_MC_NO
    | 1 << 8 // TAA_NO
    | 1 << 13 // SBDR_SSDP_NO
    | 1 << 14 // FBSDP_NO
    | 1 << 15 // PSDP_NO
    | 1 << 19 // RRSBA
    | 1 << 20 // BHI_NO
    | 1 << 24 // PBRSB_NO
    | 1 << 26 // GDS_NO
    | 1 << 27; // RFDS_NO

/// What RDMSR of `register` gives.
#[must_use]
pub const fn read(register: u32, guest: &Guest) -> Read {
    match register {
        msr::FS_BASE => Read::FsBase,
        msr::GS_BASE => Read::GsBase,
        msr::KERNEL_GS_BASE => Read::KernelGsBase,
        msr::TSC => Read::Tsc,
        msr::TSC_AUX if guest.has_tsc_aux => Read::TscAux,
        msr::EFER => Read::Value(guest.efer & EFER_SEEN),
        msr::PAT => Read::Value(PAT),
        msr::APIC_BASE => Read::Value(
            APIC_ENABLED
                | if guest.vcpu == 0 {
                    APIC_BOOT_PROCESSOR
                } else {
                    0
                },
        ),
        msr::UCODE_REV => Read::Host { mask: u64::MAX },
        msr::ARCH_CAPABILITIES if guest.has_arch_capabilities => Read::Host {
            mask: ARCH_CAPABILITIES_SEEN,
        },
        // No variable or fixed ranges, no machine-check banks, no branch records.
        msr::MTRR_CAP | msr::MCG_CAP | msr::MCG_STATUS | msr::DEBUGCTL => Read::Value(0),
        _ => match guest.vendor {
            Vendor::Intel => read_intel(register),
            Vendor::Amd => read_amd(register, guest.role),
            Vendor::Other => Read::Fault,
        },
    }
}

const fn read_intel(register: u32) -> Read {
    match register {
        msr::MISC_ENABLE => Read::Value(MISC_ENABLE),
        msr::FEATURE_CONTROL => Read::Value(FEATURE_CONTROL_LOCKED),
        msr::PLATFORM_ID | msr::PLATFORM_INFO | msr::THERM_CONTROL => Read::Value(0),
        _ => Read::Fault,
    }
}

const fn read_amd(register: u32, role: Role) -> Read {
    match (register, role) {
        (msr::HWCR, _) => Read::Value(HWCR_TSC_AT_P0),
        (msr::DE_CFG, _) => Read::Value(DE_CFG_LFENCE_SERIALIZES),
        (msr::NB_CFG, _) => Read::Value(0),
        (msr::SYSCFG | msr::TOP_MEM | msr::TOP_MEM2, Role::Hardware) => {
            Read::Host { mask: u64::MAX }
        }
        _ => Read::Fault,
    }
}

/// What WRMSR of `value` to `register` does.
#[must_use]
pub const fn write(register: u32, value: u64, guest: &Guest) -> Write {
    match register {
        msr::FS_BASE | msr::GS_BASE | msr::KERNEL_GS_BASE => match Canonical::new(value) {
            Some(base) => match register {
                msr::FS_BASE => Write::FsBase(base),
                msr::GS_BASE => Write::GsBase(base),
                _ => Write::KernelGsBase(base),
            },
            None => Write::Fault,
        },
        msr::TSC_AUX if guest.has_tsc_aux && value >> 32 == 0 => {
            Write::TscAux((value & 0xffff_ffff) as u32)
        }
        // Bits 11..=0 are the number of the page; there is one.
        msr::HYPERCALL_PAGE if value & 0xfff == 0 => Write::HypercallPage(Mfn::new(value >> 12)),
        // Before it reads the microcode's revision, Linux clears the register.
        msr::UCODE_REV if value == 0 => Write::Ignore,
        // What Linux writes here at boot enables what would not be used.
        msr::NB_CFG | msr::DE_CFG if matches!(guest.vendor, Vendor::Amd) => Write::Ignore,
        // Written back as it was read.
        _ => match read(register, guest) {
            Read::Value(current) if current == value => Write::Ignore,
            _ => Write::Fault,
        },
    }
}
