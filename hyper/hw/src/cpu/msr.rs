//! Model-specific registers.
// UNSAFETY: privileged instructions that fault for unknown registers.
#![expect(unsafe_code)]

use core::arch::asm;

use super::features::{Features, features};

pub use x86::msr::{
    IA32_APIC_BASE, IA32_EFER, IA32_FMASK, IA32_FS_BASE, IA32_GS_BASE, IA32_KERNEL_GSBASE,
    IA32_LSTAR, IA32_PAT, IA32_STAR, IA32_SYSENTER_CS, IA32_TSC_AUX,
};

/// Where a compatibility-mode `syscall` goes (AMD).
pub const IA32_CSTAR: u32 = 0xc000_0083;

/// Reads a register, or `None` where the CPU has none of this number.
#[must_use]
pub fn read(number: u32) -> Option<u64> {
    let (low, high, failed): (u32, u32, u32);
    // SAFETY: a fault goes to the fixup, which sets `failed`.
    unsafe {
        asm!(
            "xor {failed:e}, {failed:e}",
            "2: rdmsr",
            "3:",
            ".pushsection .text.fixup, \"ax\"",
            "4: mov {failed:e}, 1",
            "xor eax, eax",
            "xor edx, edx",
            "jmp 3b",
            ".popsection",
            ".pushsection .fixups, \"a\"",
            ".quad 2b, 4b",
            ".popsection",
            failed = out(reg) failed,
            in("ecx") number,
            out("eax") low,
            out("edx") high,
            options(nomem, nostack),
        );
    }
    (failed == 0).then_some(u64::from(high) << 32 | u64::from(low))
}

/// Writes a register; `Err` where the CPU refuses.
///
/// # Safety
/// The register and its value keep the hypervisor's own execution as it is.
#[expect(clippy::result_unit_err, reason = "there is one way to fail")]
pub unsafe fn write(number: u32, value: u64) -> Result<(), ()> {
    let failed: u32;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the value"
    )]
    let (low, high) = (value as u32, (value >> 32) as u32);
    // SAFETY: 1. a fault goes to the fixup; 2. the caller promises the rest.
    unsafe {
        asm!(
            "xor {failed:e}, {failed:e}",
            "2: wrmsr",
            "3:",
            ".pushsection .text.fixup, \"ax\"",
            "4: mov {failed:e}, 1",
            "jmp 3b",
            ".popsection",
            ".pushsection .fixups, \"a\"",
            ".quad 2b, 4b",
            ".popsection",
            failed = out(reg) failed,
            in("ecx") number,
            in("eax") low,
            in("edx") high,
            options(nostack),
        );
    }
    if failed == 0 { Ok(()) } else { Err(()) }
}

/// The segment bases of the running guest that live in registers.
#[derive(Clone, Copy, Debug)]
pub enum GuestBase {
    /// The base of `fs`.
    Fs,
    /// The base of `gs` in the guest's present mode.
    Gs,
    /// The base of `gs` in the guest's other mode.
    OtherGs,
}

impl GuestBase {
    const fn number(self) -> u32 {
        match self {
            Self::Fs => IA32_FS_BASE,
            Self::Gs => IA32_GS_BASE,
            Self::OtherGs => IA32_KERNEL_GSBASE,
        }
    }

    /// The base.
    #[must_use]
    pub fn get(self) -> u64 {
        read(self.number()).unwrap_or(0)
    }

    /// Sets the base; `Err` where it is not canonical.
    #[expect(clippy::result_unit_err, reason = "there is one way to fail")]
    pub fn set(self, base: u64) -> Result<(), ()> {
        if !ringwall_abi::is_canonical(base) {
            return Err(());
        }
        // SAFETY: the hypervisor uses neither segment; the base is canonical.
        unsafe { write(self.number(), base) }
    }
}

/// Sets what RDTSCP and RDPID tell the running guest; nothing on a CPU that has neither.
pub fn set_tsc_aux(value: u32) {
    if features().contains(Features::RDTSCP) {
        // SAFETY: the hypervisor does not use the register.
        let _ = unsafe { write(IA32_TSC_AUX, value.into()) };
    }
}
