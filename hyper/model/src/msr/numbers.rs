//! Numbers of model-specific registers.
//!
//! SDM vol. 4; AMD64 APM vol. 2, appendix A; AMD PPRs. Under the names of the manuals.

pub(super) const TSC: u32 = 0x10;
pub(super) const PLATFORM_ID: u32 = 0x17;
pub(super) const APIC_BASE: u32 = 0x1b;
pub(super) const FEATURE_CONTROL: u32 = 0x3a;
pub(super) const UCODE_REV: u32 = 0x8b;
pub(super) const PLATFORM_INFO: u32 = 0xce;
pub(super) const MTRR_CAP: u32 = 0xfe;
pub(super) const ARCH_CAPABILITIES: u32 = 0x10a;
pub(super) const MCG_CAP: u32 = 0x179;
pub(super) const MCG_STATUS: u32 = 0x17a;
pub(super) const THERM_CONTROL: u32 = 0x19a;
pub(super) const MISC_ENABLE: u32 = 0x1a0;
pub(super) const DEBUGCTL: u32 = 0x1d9;
pub(super) const PAT: u32 = 0x277;
/// From public/arch-x86/cpuid.h, leaf 0x4000_0002.
pub(super) const HYPERCALL_PAGE: u32 = 0x4000_0000;
pub(super) const EFER: u32 = 0xc000_0080;
pub(super) const FS_BASE: u32 = 0xc000_0100;
pub(super) const GS_BASE: u32 = 0xc000_0101;
pub(super) const KERNEL_GS_BASE: u32 = 0xc000_0102;
pub(super) const TSC_AUX: u32 = 0xc000_0103;
pub(super) const SYSCFG: u32 = 0xc001_0010;
pub(super) const HWCR: u32 = 0xc001_0015;
pub(super) const TOP_MEM: u32 = 0xc001_001a;
pub(super) const TOP_MEM2: u32 = 0xc001_001d;
pub(super) const NB_CFG: u32 = 0xc001_001f;
pub(super) const DE_CFG: u32 = 0xc001_1029;
