//! The hypervisor's own leaves (public/arch-x86/cpuid.h).

use super::leaf::Leaf;

/// The first of them.
pub(super) const FIRST: u32 = 0x4000_0000;
/// The last number that is reserved for them.
pub(super) const LAST_RESERVED: u32 = 0x4000_00ff;
const LAST: u32 = FIRST + 5;
/// "XenV", "MMXe", "nVMM": the ABI that is spoken.
const SIGNATURE: [u32; 3] = [0x566e_6558, 0x6558_4d4d, 0x4d4d_566e];
/// 4.17.
const VERSION: u32 = 4 << 16 | 17;
/// `XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD`.
const PRESERVE_AD: u32 = 1;
/// The MSR that fills the hypercall page.
const HYPERCALL_MSR: u32 = 0x4000_0000;

/// How a guest's RDTSC behaves (EBX of leaf 0x4000_0003).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TscMode {
    /// Native where that is good enough, else emulated.
    Default = 0,
    /// Always emulated.
    AlwaysEmulate = 1,
    /// Never emulated. Linux then takes the TSC itself for its clock.
    NeverEmulate = 2,
}

/// What a guest is told about the time-stamp counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSource {
    /// Its frequency in kHz.
    pub tsc_khz: u32,
    /// The factor from ticks, shifted by [`shift`](Self::shift), to nanoseconds: a fraction of 2^32.
    pub multiplier: u32,
    /// The shift of ticks before the multiplication: left if positive.
    pub shift: i8,
    /// Nanoseconds to add to the scaled counter for the guest's system time.
    pub offset_ns: u64,
    /// How RDTSC behaves.
    pub mode: TscMode,
    /// Whether the counter runs at one speed, in all power states and on all CPUs.
    pub invariant: bool,
}

/// The leaf `FIRST + index`.
pub(super) fn leaf(
    index: u32,
    subleaf: u32,
    time: &TimeSource,
    machine_address_bits: u8,
    has_rdtscp: bool,
) -> Leaf {
    match (index, subleaf) {
        (0, _) => {
            let [ebx, ecx, edx] = SIGNATURE;
            Leaf {
                eax: LAST,
                ebx,
                ecx,
                edx,
            }
        }
        (1, _) => Leaf {
            eax: VERSION,
            ..Leaf::ZERO
        },
        // One hypercall page.
        (2, _) => Leaf {
            eax: 1,
            ebx: HYPERCALL_MSR,
            ecx: PRESERVE_AD,
            edx: 0,
        },
        (3, 0) => {
            let emulated = u32::from(time.mode == TscMode::AlwaysEmulate);
            Leaf {
                eax: emulated | u32::from(time.invariant) << 1 | u32::from(has_rdtscp) << 2,
                ebx: time.mode as u32,
                ecx: time.tsc_khz,
                // Never migrated.
                edx: 0,
            }
        }
        (3, 1) => {
            let [low, high] = halves(time.offset_ns);
            let shift = i32::from(time.shift).cast_unsigned();
            Leaf {
                eax: low,
                ebx: high,
                ecx: time.multiplier,
                edx: shift,
            }
        }
        (3, 2) => Leaf {
            eax: time.tsc_khz,
            ..Leaf::ZERO
        },
        (5, 0) => Leaf {
            ebx: u32::from(machine_address_bits),
            ..Leaf::ZERO
        },
        // 4 is for guests with hardware virtualization.
        _ => Leaf::ZERO,
    }
}

/// The lower and upper 32 bits.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}
