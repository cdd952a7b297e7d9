//! FPU, SSE and AVX state of a guest.
// UNSAFETY: saves and restores extended state.
#![expect(unsafe_code)]

extern crate alloc;

use core::alloc::Layout;
use core::arch::asm;
use core::ptr::NonNull;

use spin::Once;

use crate::cpu::control;
use crate::cpu::features::{Features, cpuid, features};

/// x87 and SSE: what every area holds.
const LEGACY: u64 = 0b11;
/// State components that guests may use: x87, SSE, AVX, and AVX-512's three.
const OFFERED: u64 = 0b1110_0111;
/// Size of an FXSAVE area in bytes.
const FXSAVE_SIZE: usize = 512;

/// State components that this CPU has and guests may use; 0 without XSAVE.
#[must_use]
pub fn supported_components() -> u64 {
    static SUPPORTED: Once<u64> = Once::new();
    // Asked on each switch, and CPUID is slow where it traps.
    *SUPPORTED.call_once(|| {
        if !features().contains(Features::XSAVE) {
            return 0;
        }
        let [low, _, _, high] = cpuid(0xd, 0);
        (u64::from(high) << 32 | u64::from(low)) & OFFERED
    })
}

/// A guest's state while it does not run.
pub struct FpuState {
    area: NonNull<u8>,
    layout: Layout,
    /// XCR0 of the guest.
    components: u64,
}

// SAFETY: the area belongs to this value alone.
unsafe impl Send for FpuState {}

impl FpuState {
    /// The state after a reset (SDM vol. 1, 8.1.5 and 11.6.4). `None` without memory.
    #[must_use]
    pub fn new() -> Option<Self> {
        let size = if features().contains(Features::XSAVE) {
            set_xcr0(supported_components());
            let size = cpuid(0xd, 0)[1] as usize;
            set_xcr0(LEGACY);
            size.max(FXSAVE_SIZE + 64)
        } else {
            FXSAVE_SIZE
        };
        let layout = Layout::from_size_align(size, 64).ok()?;
        // SAFETY: the size is not zero.
        let area = NonNull::new(unsafe { alloc::alloc::alloc_zeroed(layout) })?;
        let state = Self {
            area,
            layout,
            components: LEGACY,
        };
        // Control word 0x37f, MXCSR 0x1f80.
        // SAFETY: inside the area, aligned.
        unsafe {
            area.cast::<u16>().write(0x37f);
            area.cast::<u32>().add(6).write(0x1f80);
        }
        Some(state)
    }

    /// x87 and SSE, as FXSAVE has them.
    #[must_use]
    pub fn legacy_image(&self) -> [u8; FXSAVE_SIZE] {
        // SAFETY: every area begins with an initialized image of this size.
        unsafe { self.area.cast::<[u8; FXSAVE_SIZE]>().read() }
    }

    /// Replaces all by x87 and SSE of an image, whose bits that the CPU refuses are dropped.
    pub fn set_legacy_image(&mut self, image: &[u8; FXSAVE_SIZE]) {
        /// Where MXCSR lies, in words of 32 bits, and the bits that every CPU with SSE2 has.
        const MXCSR: usize = 6;
        const MXCSR_BITS: u32 = 0xffff;
        /// Where an XSAVE header says which components the area has, in words of 64 bits.
        const COMPONENTS: usize = 64;
        // SAFETY: the area belongs to this value alone; the image, its words and, in an area for XSAVE,
        // the header lie in it, aligned.
        unsafe {
            self.area.cast::<[u8; FXSAVE_SIZE]>().write(*image);
            let mxcsr = self.area.cast::<u32>().add(MXCSR);
            mxcsr.write(mxcsr.read() & MXCSR_BITS);
            if self.layout.size() > FXSAVE_SIZE {
                self.area.cast::<u64>().add(COMPONENTS).write(LEGACY);
            }
        }
    }

    /// XCR0 of the guest.
    #[must_use]
    pub fn components(&self) -> u64 {
        self.components
    }

    /// Sets the guest's XCR0, which is loaded at once: the guest runs on this CPU.
    ///
    /// The value has passed [`is_valid_xcr0`].
    pub fn set_components(&mut self, components: u64) {
        self.components = components;
        set_xcr0(components);
    }

    /// Saves the registers of this CPU. CR0.TS is off afterwards.
    pub fn save(&mut self) {
        control::set_task_switched(false);
        let area = self.area.as_ptr();
        // SAFETY: the area is large enough for all supported components, and aligned to 64.
        unsafe {
            if features().contains(Features::XSAVE) {
                // All components, so that nothing of one guest stays for another.
                set_xcr0(supported_components());
                asm!("xsave64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX,
                    options(nostack, preserves_flags));
            } else {
                asm!("fxsave64 [{}]", in(reg) area, options(nostack, preserves_flags));
            }
        }
    }

    /// Loads the registers of this CPU. CR0.TS is off afterwards.
    pub fn restore(&self) {
        control::set_task_switched(false);
        clear_error_pointers();
        let area = self.area.as_ptr();
        // SAFETY: as for `save`; the area was written by `save` or `new` alone, so its header is valid.
        unsafe {
            if features().contains(Features::XSAVE) {
                set_xcr0(supported_components());
                asm!("xrstor64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX,
                    options(nostack, preserves_flags));
                set_xcr0(self.components);
            } else {
                asm!("fxrstor64 [{}]", in(reg) area, options(nostack, preserves_flags));
            }
        }
    }
}

impl Drop for FpuState {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and not used any more.
        unsafe { alloc::alloc::dealloc(self.area.as_ptr(), self.layout) };
    }
}

/// Overwrites where the last x87 instruction was and what it was about: older CPUs of AMD's restore
/// that only with an exception pending, so that the next guest would see it (lesson 50).
fn clear_error_pointers() {
    if !features().contains(Features::AMD) {
        return;
    }
    let zero = 0u32;
    // SAFETY: the registers of the guest before have been saved, and all are about to be loaded.
    unsafe {
        asm!("fnclex", "emms", "fild dword ptr [{}]", in(reg) &raw const zero,
            options(readonly, nostack, preserves_flags));
    }
}

/// Whether a guest may set XCR0 to this (SDM vol. 1, 13.3).
#[must_use]
pub fn is_valid_xcr0(value: u64) -> bool {
    const AVX: u64 = 1 << 2;
    const AVX512: u64 = 0b111 << 5;
    value & 1 == 1
        && value & !supported_components() == 0
        && (value & AVX == 0 || value & 2 != 0)
        && (value & AVX512 == 0 || value & AVX512 == AVX512 && value & AVX != 0)
}

fn set_xcr0(value: u64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the value"
    )]
    let (low, high) = (value as u32, (value >> 32) as u32);
    // SAFETY: the CPU has XSAVE, CR4 allows it, and the value is a subset of what it supports with x87 set.
    unsafe {
        asm!("xsetbv", in("ecx") 0, in("eax") low, in("edx") high, options(nomem, nostack, preserves_flags));
    }
}
