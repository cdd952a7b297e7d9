//! What the CPU can do.

use core::arch::x86_64::__cpuid_count;

use bitflags::bitflags;
use spin::Once;

bitflags! {
    /// Features that Ringwall uses itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Features: u32 {
        /// No-execute pages.
        const NX = 1 << 0;
        /// No execution of user pages in ring 0.
        const SMEP = 1 << 1;
        /// No access to user pages in ring 0.
        const SMAP = 1 << 2;
        /// Extended state by XSAVE.
        const XSAVE = 1 << 3;
        /// XSAVEOPT.
        const XSAVEOPT = 1 << 4;
        /// RDFSBASE and the like.
        const FSGSBASE = 1 << 5;
        /// A page-attribute table.
        const PAT = 1 << 6;
        /// x2APIC.
        const X2APIC = 1 << 7;
        /// RDTSCP and TSC_AUX.
        const RDTSCP = 1 << 8;
        /// A time-stamp counter of constant rate.
        const INVARIANT_TSC = 1 << 9;
        /// A local APIC.
        const APIC = 1 << 10;
        /// FXSAVE and SSE.
        const FXSR = 1 << 11;
        /// SYSCALL in 64-bit mode.
        const SYSCALL = 1 << 12;
        /// Made by AMD or compatible: SYSCALL works in compatibility mode too.
        const AMD = 1 << 13;
    }
}

static FEATURES: Once<Features> = Once::new();

/// Registers of a CPUID leaf: eax, ebx, ecx, edx.
#[must_use]
pub fn cpuid(leaf: u32, subleaf: u32) -> [u32; 4] {
    let result = __cpuid_count(leaf, subleaf);
    [result.eax, result.ebx, result.ecx, result.edx]
}

/// What the boot CPU can do.
#[must_use]
pub fn features() -> Features {
    *FEATURES.call_once(detect)
}

fn detect() -> Features {
    let [max, vendor, ..] = cpuid(0, 0);
    let leaf1 = cpuid(1, 0);
    let leaf7 = if max >= 7 { cpuid(7, 0) } else { [0; 4] };
    let leaf_d = if max >= 0xd { cpuid(0xd, 1) } else { [0; 4] };
    let max_extended = cpuid(0x8000_0000, 0)[0];
    let extended = if max_extended >= 0x8000_0001 {
        cpuid(0x8000_0001, 0)
    } else {
        [0; 4]
    };
    let power = if max_extended >= 0x8000_0007 {
        cpuid(0x8000_0007, 0)
    } else {
        [0; 4]
    };
    let bit = |word: u32, bit: u32, feature: Features| {
        if word >> bit & 1 == 1 {
            feature
        } else {
            Features::empty()
        }
    };
    // "Auth" of AuthenticAMD, "Hygo" of HygonGenuine.
    let amd = matches!(vendor, 0x6874_7541 | 0x6f67_7948);
    bit(extended[3], 20, Features::NX)
        | bit(leaf7[1], 7, Features::SMEP)
        | bit(leaf7[1], 20, Features::SMAP)
        | bit(leaf1[2], 26, Features::XSAVE)
        | bit(leaf_d[0], 0, Features::XSAVEOPT)
        | bit(leaf7[1], 0, Features::FSGSBASE)
        | bit(leaf1[3], 16, Features::PAT)
        | bit(leaf1[2], 21, Features::X2APIC)
        | bit(extended[3], 27, Features::RDTSCP)
        | bit(power[3], 8, Features::INVARIANT_TSC)
        | bit(leaf1[3], 9, Features::APIC)
        | bit(leaf1[3], 24, Features::FXSR)
        | bit(extended[3], 11, Features::SYSCALL)
        | bit(u32::from(amd), 0, Features::AMD)
}

/// What is missing of the features without which Ringwall can't run.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let need = [
        (Features::APIC, "local APIC"),
        (Features::FXSR, "FXSAVE"),
        (Features::SYSCALL, "SYSCALL"),
        (Features::PAT, "page-attribute table (PAT)"),
    ];
    need.into_iter()
        .find(|(feature, _)| !features().contains(*feature))
        .map(|(_, name)| name)
}
