//! XCR0, and the sizes of XSAVE's areas (SDM vol. 1, chapter 13).

use super::leaf::Leaf;
use bitflags::bitflags;

bitflags! {
    /// State components that a guest can enable in XCR0.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Xcr0: u64 {
        /// x87; always on.
        const X87 = 1 << 0;
        /// XMM registers.
        const SSE = 1 << 1;
        /// Upper halves of the YMM registers.
        const AVX = 1 << 2;
        /// Mask registers of AVX-512.
        const OPMASK = 1 << 5;
        /// Upper halves of ZMM0..=15.
        const ZMM_HIGH = 1 << 6;
        /// ZMM16..=31.
        const HIGH_ZMM = 1 << 7;
        /// The three parts of AVX-512, which go together.
        const AVX512 = Self::OPMASK.bits() | Self::ZMM_HIGH.bits() | Self::HIGH_ZMM.bits();
    }
}

/// A value that XCR0 can't have: #GP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xcr0Error;

/// The legacy region and the header, in bytes.
const FIXED_BYTES: u32 = 512 + 64;

impl Xcr0 {
    /// Checks a guest's XSETBV of register 0 against what it is offered.
    ///
    /// # Errors
    /// [`Xcr0Error`] for components that are not offered, without x87, AVX without SSE, and AVX-512
    /// in part or without AVX.
    pub fn checked(value: u64, offered: Self) -> Result<Self, Xcr0Error> {
        let asked = Self::from_bits(value).ok_or(Xcr0Error)?;
        let avx512 = asked & Self::AVX512;
        let consistent = asked.contains(Self::X87)
            && (!asked.contains(Self::AVX) || asked.contains(Self::SSE))
            && (avx512.is_empty() || avx512 == Self::AVX512 && asked.contains(Self::AVX));
        if consistent && offered.contains(asked) {
            Ok(asked)
        } else {
            Err(Xcr0Error)
        }
    }

    /// What a guest is offered of the components that the processor has (EDX:EAX of leaf 0xd).
    pub(super) fn offered_of(host: u64) -> Self {
        let mut offered = Self::from_bits_truncate(host) | Self::X87;
        if !offered.contains(Self::SSE) {
            offered.remove(Self::AVX);
        }
        if !offered.contains(Self::AVX | Self::AVX512) {
            offered.remove(Self::AVX512);
        }
        offered
    }

    fn has(self, component: u32) -> bool {
        component < 64 && self.bits() >> component & 1 != 0
    }

    /// The enabled components behind the header, in ascending order.
    fn extended(self) -> impl Iterator<Item = u32> {
        (2..8).filter(move |component| self.has(*component))
    }

    /// Bytes of an XSAVE area in standard format.
    pub(super) fn standard_bytes(self, host: &impl Fn(u32, u32) -> Leaf) -> u32 {
        self.extended()
            .map(|component| host(0xd, component))
            .map(|leaf| leaf.eax.saturating_add(leaf.ebx))
            .fold(FIXED_BYTES, u32::max)
    }

    /// Bytes of an XSAVE area in compacted format.
    fn compacted_bytes(self, host: &impl Fn(u32, u32) -> Leaf) -> u32 {
        self.extended()
            .map(|component| host(0xd, component))
            .fold(FIXED_BYTES, |end, leaf| {
                let aligned = leaf.ecx & 2 != 0;
                let start = if aligned {
                    end.saturating_add(63) & !63
                } else {
                    end
                };
                start.saturating_add(leaf.eax)
            })
    }
}

/// Leaf 0xd for a guest that has `enabled` of the components that it is `offered`.
pub(super) fn leaf(
    subleaf: u32,
    offered: Xcr0,
    enabled: Xcr0,
    host: &impl Fn(u32, u32) -> Leaf,
) -> Leaf {
    match subleaf {
        0 => Leaf {
            // No component that is offered has a number above 31.
            eax: (offered.bits() & 0xffff_ffff) as u32,
            ebx: enabled.standard_bytes(host),
            ecx: offered.standard_bytes(host),
            edx: 0,
        },
        1 => {
            let eax = host(0xd, 1).eax & super::features::LEAF_D_1_EAX;
            let ebx = if eax & 2 == 0 {
                0
            } else {
                enabled.compacted_bytes(host)
            };
            Leaf {
                eax,
                ebx,
                ..Leaf::ZERO
            }
        }
        // Bit 0 of ECX is for supervisor components: none.
        component if offered.has(component) => {
            let leaf = host(0xd, component);
            Leaf {
                ecx: leaf.ecx & 2,
                edx: 0,
                ..leaf
            }
        }
        _ => Leaf::ZERO,
    }
}
