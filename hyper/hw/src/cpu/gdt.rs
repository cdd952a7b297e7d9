//! The descriptors that every GDT ends with.
//!
//! A guest's descriptor table has 14 pages of its own; the two pages after them are the hypervisor's
//! and hold the flat segments that the ABI promises, and the CPU's own.
//! Source of the selectors: public/arch-x86/xen-x86_64.h.
// UNSAFETY: loads descriptor tables.
#![expect(unsafe_code)]

use core::arch::asm;

/// First selector of the reserved pages.
pub(crate) const FIRST_RESERVED: u16 = 0xe000;
/// The hypervisor's code segment.
pub(crate) const HYPERVISOR_CS: u16 = 0xe008;
/// The hypervisor's data segment.
pub(crate) const HYPERVISOR_DS: u16 = 0xe010;
/// The CPU's task state segment.
pub(crate) const TSS: u16 = 0xe040;
/// The LDT of the running guest.
pub(crate) const LDT: u16 = 0xe050;
/// Limit of every GDT: 15 pages, the last of them the first reserved one.
pub(crate) const LIMIT: u16 = FIRST_RESERVED + 0xfff;

/// One page of descriptors.
pub(crate) type Page = [u64; 512];

/// Fills the reserved page for a CPU whose TSS is at `tss` with the given limit in bytes.
pub(crate) fn fill(page: &mut Page, tss: u64, tss_limit: u32) {
    let index = |selector: u16| usize::from((selector - FIRST_RESERVED) / 8);
    page[index(HYPERVISOR_CS)] = 0x00af_9b00_0000_ffff;
    page[index(HYPERVISOR_DS)] = 0x00cf_9300_0000_ffff;
    // FLAT_RING1_CS and _DS, for 32-bit guests.
    page[index(0xe019)] = 0x00cf_bb00_0000_ffff;
    // FLAT_RING3_CS32.
    page[index(0xe023)] = 0x00cf_fb00_0000_ffff;
    // FLAT_RING3_DS32.
    page[index(0xe02b)] = 0x00cf_f300_0000_ffff;
    // FLAT_RING3_CS64.
    page[index(0xe033)] = 0x00af_fb00_0000_ffff;
    let [low, high] = system_descriptor(tss, tss_limit, 0x9);
    page[index(TSS)] = low;
    page[index(TSS) + 1] = high;
}

/// A 16-byte system descriptor (SDM vol. 3A, 7.2.3): type 9 is an available TSS, 2 an LDT.
pub(crate) const fn system_descriptor(base: u64, limit: u32, kind: u64) -> [u64; 2] {
    let low = (limit as u64 & 0xffff)
        | (base & 0xff_ffff) << 16
        | kind << 40
        | 1 << 47
        | (limit as u64 >> 16 & 0xf) << 48
        | (base >> 24 & 0xff) << 56;
    [low, base >> 32]
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

/// Loads the table at `base`.
///
/// # Safety
/// `base` is mapped on this CPU for as long as the table is loaded: the reserved page, filled for
/// this CPU, is its page 14.
pub(crate) unsafe fn load(base: u64) {
    let pointer = Pointer { limit: LIMIT, base };
    // SAFETY: as the caller promises.
    unsafe {
        asm!("lgdt [{}]", in(reg) &raw const pointer, options(readonly, nostack, preserves_flags))
    };
}

/// Loads the hypervisor's segments and the task register, once per CPU after the first [`load`].
///
/// # Safety
/// The loaded table holds the reserved page.
pub(crate) unsafe fn load_segments() {
    // SAFETY: the selectors are those of the reserved page; `ltr` needs the descriptor available.
    unsafe {
        asm!(
            "push {cs}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ss, {ds:e}",
            "mov ds, {null:e}",
            "mov es, {null:e}",
            "mov fs, {null:e}",
            "mov gs, {null:e}",
            "ltr {tss:x}",
            cs = in(reg) u64::from(HYPERVISOR_CS),
            ds = in(reg) u32::from(HYPERVISOR_DS),
            null = in(reg) 0u32,
            tss = in(reg) TSS,
            scratch = out(reg) _,
        );
    }
}

/// Loads an LDT (base, limit in bytes), or none. `reserved` is the address of the reserved page.
pub(crate) fn reload_ldt(reserved: u64, ldt: Option<(u64, u32)>) {
    let selector = match ldt {
        None => 0,
        Some((base, limit)) => {
            let descriptor = system_descriptor(base, limit, 0x2);
            let slot = reserved + u64::from(LDT - FIRST_RESERVED);
            // SAFETY: the reserved page is mapped there for writing, and this CPU's alone.
            unsafe { (slot as *mut [u64; 2]).write_volatile(descriptor) };
            LDT
        }
    };
    // SAFETY: null, or the descriptor just written.
    unsafe { asm!("lldt {:x}", in(reg) selector, options(nostack, preserves_flags)) };
}
