//! The features that a guest may see, word by word.
//!
//! An allow-list: features without privileged state, or whose state the hypervisor switches. It
//! follows the features for all guests (letter A) of public/arch-x86/cpufeatureset.h, but leaves out
//! machine checks, transactions, breakpoint extensions and all that needs SPEC_CTRL or PRED_CMD.

use super::leaf::bits;

/// FPU DE TSC MSR PAE CX8 APIC CMOV PAT CLFLUSH ACPI MMX FXSR SSE SSE2 SS.
///
/// APIC, though there is none to touch, since Linux looks for the ACPI tables' interrupt
/// controllers only with it. HTT is not there: each vCPU is a package. Nor is SEP: `sysenter` has no
/// entry.
pub(super) const LEAF_1_EDX: u32 = bits(&[0, 2, 4, 5, 6, 8, 9, 15, 16, 19, 22, 23, 24, 25, 26, 27]);
/// The part of [`LEAF_1_EDX`] that AMD's leaf 0x8000_0001 repeats: FPU DE TSC MSR PAE CX8 APIC CMOV
/// PAT MMX FXSR.
pub(super) const LEAF_1_EDX_REPEATED: u32 = bits(&[0, 2, 4, 5, 6, 8, 9, 15, 16, 23, 24]);
/// SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND.
pub(super) const LEAF_1_ECX: u32 = bits(&[0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 28, 29, 30]);
/// XSAVE in leaf 1, ECX.
pub(super) const XSAVE: u32 = bits(&[26]);
/// OSXSAVE in leaf 1, ECX.
pub(super) const OSXSAVE: u32 = bits(&[27]);
/// HYPERVISOR in leaf 1, ECX.
pub(super) const HYPERVISOR: u32 = bits(&[31]);

/// FSGSBASE BMI1 AVX2 FDP_EXCP_ONLY BMI2 ERMS NO_FPU_SEL AVX512F AVX512DQ RDSEED ADX AVX512_IFMA
/// CLFLUSHOPT CLWB AVX512PF AVX512ER AVX512CD SHA AVX512BW AVX512VL.
pub(super) const LEAF_7_EBX: u32 = bits(&[
    0, 3, 5, 6, 8, 9, 13, 16, 17, 18, 19, 21, 23, 24, 26, 27, 28, 29, 30, 31,
]);
/// FSGSBASE in leaf 7, EBX.
pub(super) const FSGSBASE: u32 = bits(&[0]);
/// AVX512F in leaf 7, EBX.
pub(super) const AVX512F: u32 = bits(&[16]);
/// PREFETCHWT1 AVX512_VBMI AVX512_VBMI2 GFNI VAES VPCLMULQDQ AVX512_VNNI AVX512_BITALG
/// AVX512_VPOPCNTDQ RDPID CLDEMOTE.
pub(super) const LEAF_7_ECX: u32 = bits(&[0, 1, 6, 8, 9, 10, 11, 12, 14, 22, 25]);
/// RDPID in leaf 7, ECX.
pub(super) const RDPID: u32 = bits(&[22]);
/// AVX512_4VNNIW AVX512_4FMAPS FSRM MD_CLEAR SERIALIZE ARCH_CAPABILITIES.
pub(super) const LEAF_7_EDX: u32 = bits(&[2, 3, 4, 10, 14, 29]);
/// ARCH_CAPABILITIES in leaf 7, EDX.
pub(super) const ARCH_CAPABILITIES: u32 = bits(&[29]);
/// AVX_VNNI AVX512_BF16 FZRM FSRS FSRCS.
pub(super) const LEAF_7_1_EAX: u32 = bits(&[4, 5, 10, 11, 12]);
/// MCDT_NO.
pub(super) const LEAF_7_2_EDX: u32 = bits(&[5]);

// Features that live in vector registers, and go where those go.

/// FMA AVX F16C.
pub(super) const AVX_LEAF_1_ECX: u32 = bits(&[12, 28, 29]);
/// AVX2.
pub(super) const AVX_LEAF_7_EBX: u32 = bits(&[5]);
/// VAES VPCLMULQDQ.
pub(super) const AVX_LEAF_7_ECX: u32 = bits(&[9, 10]);
/// AVX_VNNI.
pub(super) const AVX_LEAF_7_1_EAX: u32 = bits(&[4]);
/// XOP FMA4.
pub(super) const AVX_EXTENDED_ECX: u32 = bits(&[11, 16]);
/// AVX512F and all that build on it.
pub(super) const AVX512_LEAF_7_EBX: u32 = bits(&[16, 17, 21, 26, 27, 28, 30, 31]);
/// AVX512_VBMI AVX512_VBMI2 AVX512_VNNI AVX512_BITALG AVX512_VPOPCNTDQ.
pub(super) const AVX512_LEAF_7_ECX: u32 = bits(&[1, 6, 11, 12, 14]);
/// AVX512_4VNNIW AVX512_4FMAPS.
pub(super) const AVX512_LEAF_7_EDX: u32 = bits(&[2, 3]);
/// AVX512_BF16.
pub(super) const AVX512_LEAF_7_1_EAX: u32 = bits(&[5]);

/// XSAVEOPT XSAVEC XGETBV1.
pub(super) const LEAF_D_1_EAX: u32 = bits(&[0, 1, 2]);

/// LAHF_LM ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM.
pub(super) const EXTENDED_ECX: u32 = bits(&[0, 5, 6, 7, 8, 11, 16, 21]);
/// SYSCALL NX MMXEXT FFXSR RDTSCP LM 3DNOWEXT 3DNOW.
pub(super) const EXTENDED_EDX: u32 = bits(&[11, 20, 22, 25, 27, 29, 30, 31]);
/// RDTSCP in leaf 0x8000_0001, EDX.
pub(super) const RDTSCP: u32 = bits(&[27]);
/// Invariant TSC in leaf 0x8000_0007, EDX.
pub(super) const INVARIANT_TSC: u32 = bits(&[8]);
/// CLZERO RSTR_FP_ERR_PTRS SSB_NO BTC_NO.
pub(super) const EXTENDED_8_EBX: u32 = bits(&[0, 2, 26, 29]);
/// LFENCE_DISPATCH VERW_CLEAR NSCB SRSO_NO SRSO_US_NO.
pub(super) const EXTENDED_21_EAX: u32 = bits(&[2, 5, 6, 29, 30]);
