//! What a toolstack fixes of a domain's CPU.

use crate::shape::{flags, record};

flags! {
    /// Devices that the hypervisor emulates for a domain; none for a PV domain, or `PIT`.
    ///
    /// Source: `public/arch-x86/xen.h`.
    pub struct EmulationFlags: u32 {
        /// Local APICs.
        LAPIC = 1 << 0 => "XEN_X86_EMU_LAPIC",
        /// The HPET.
        HPET = 1 << 1 => "XEN_X86_EMU_HPET",
        /// The ACPI power-management timer.
        PM = 1 << 2 => "XEN_X86_EMU_PM",
        /// The real-time clock.
        RTC = 1 << 3 => "XEN_X86_EMU_RTC",
        /// The I/O APIC.
        IOAPIC = 1 << 4 => "XEN_X86_EMU_IOAPIC",
        /// The two 8259.
        PIC = 1 << 5 => "XEN_X86_EMU_PIC",
        /// VGA.
        VGA = 1 << 6 => "XEN_X86_EMU_VGA",
        /// An IOMMU.
        IOMMU = 1 << 7 => "XEN_X86_EMU_IOMMU",
        /// The 8254.
        PIT = 1 << 8 => "XEN_X86_EMU_PIT",
        /// Interrupts of devices by event channels.
        USE_PIRQ = 1 << 9 => "XEN_X86_EMU_USE_PIRQ",
        /// PCI configuration space.
        VPCI = 1 << 10 => "XEN_X86_EMU_VPCI",
    }
}

record! {
    /// x86's part of a domain's configuration.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "xen_arch_domainconfig")]
    pub struct ArchDomainConfig {
        /// Emulated devices.
        pub emulation_flags: EmulationFlags,
        /// Bit 0: unknown MSRs are not refused.
        #[doc(alias = "XEN_X86_MSR_RELAXED")]
        pub misc_flags: u32,
    }

    /// A leaf of a CPUID policy.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "xen_cpuid_leaf")]
    pub struct CpuidLeaf {
        /// EAX of the question.
        pub leaf: u32,
        /// ECX of the question, or [`NO_SUBLEAF`].
        pub subleaf: u32,
        /// EAX of the answer.
        pub a: u32,
        /// EBX of the answer.
        pub b: u32,
        /// ECX of the answer.
        pub c: u32,
        /// EDX of the answer.
        pub d: u32,
    }

    /// An MSR of a CPU policy.
    ///
    /// Source: `public/arch-x86/xen.h`.
    #[doc(alias = "xen_msr_entry")]
    pub struct MsrEntry {
        /// The MSR's number.
        pub idx: u32,
        /// Reserved: 0.
        pub flags: u32,
        /// Its value.
        pub val: u64,
    }
}

/// The subleaf of a leaf that has none. Source: `public/arch-x86/xen.h`.
#[doc(alias = "XEN_CPUID_NO_SUBLEAF")]
pub const NO_SUBLEAF: u32 = 0xffff_ffff;
