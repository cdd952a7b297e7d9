//! The data segment registers of a guest.
// UNSAFETY: loads selectors that a guest chose, with fault recovery.
#![expect(unsafe_code)]

use core::arch::asm;

/// The data segments that `iret` does not load.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct DataSelectors {
    /// ds.
    pub ds: u16,
    /// es.
    pub es: u16,
    /// fs.
    pub fs: u16,
    /// gs.
    pub gs: u16,
}

impl DataSelectors {
    /// What the registers hold now.
    #[must_use]
    pub fn current() -> Self {
        let (ds, es, fs, gs): (u16, u16, u16, u16);
        // SAFETY: reads registers.
        unsafe {
            asm!("mov {:x}, ds", "mov {:x}, es", "mov {:x}, fs", "mov {:x}, gs", out(reg) ds, out(reg) es,
                out(reg) fs, out(reg) gs, options(nomem, nostack, preserves_flags));
        }
        Self { ds, es, fs, gs }
    }

    /// Loads the registers; the null selector where the guest's table has no such segment.
    ///
    /// Returns whether all could be loaded. Loading `fs` and `gs` changes their bases.
    #[must_use]
    pub fn load(self) -> bool {
        load_one::<0>(self.ds)
            & load_one::<1>(self.es)
            & load_one::<2>(self.fs)
            & load_one::<3>(self.gs)
    }
}

/// Whether code of this segment of the running guest's runs in 64-bit mode; also `false` where its
/// tables have no such segment any more.
#[must_use]
pub fn is_64_bit(code: u16) -> bool {
    /// S and the high bit of the type: a code segment. L.
    const CODE: u32 = 1 << 12 | 1 << 11;
    const LONG: u32 = 1 << 21;
    let (rights, found): (u32, u8);
    // SAFETY: reads a descriptor of the loaded tables, if it is one; changes nothing but flags.
    unsafe {
        asm!("lar {rights:e}, {code:e}", "setz {found}", rights = inout(reg) 0u32 => rights,
            code = in(reg) u32::from(code), found = out(reg_byte) found, options(nostack));
    }
    found != 0 && rights & (CODE | LONG) == CODE | LONG
}

/// Loads `gs` alone, as `SEGBASE_GS_USER_SEL` asks; `false` if it could not be loaded.
#[must_use]
pub fn load_gs(selector: u16) -> bool {
    load_one::<3>(selector)
}

fn load_one<const REGISTER: u8>(selector: u16) -> bool {
    macro_rules! load {
        ($register:literal) => {{
            let failed: u32;
            // SAFETY: 1. a fault goes to the fixup, which loads null; 2. the hypervisor uses none of
            // these segments.
            unsafe {
                asm!(
                    "xor {failed:e}, {failed:e}",
                    concat!("2: mov ", $register, ", {selector:e}"),
                    "3:",
                    ".pushsection .text.fixup, \"ax\"",
                    "4: xor {failed:e}, {failed:e}",
                    concat!("mov ", $register, ", {failed:e}"),
                    "inc {failed:e}",
                    "jmp 3b",
                    ".popsection",
                    ".pushsection .fixups, \"a\"",
                    ".quad 2b, 4b",
                    ".popsection",
                    failed = out(reg) failed,
                    selector = in(reg) u32::from(selector),
                    options(nostack),
                );
            }
            failed == 0
        }};
    }
    match REGISTER {
        0 => load!("ds"),
        1 => load!("es"),
        2 => load!("fs"),
        _ => load!("gs"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_64_bit;

    /// On the host, which is Linux on x86-64: 0x33 is its 64-bit code, 0x23 its 32-bit code, 0x2b
    /// its data.
    #[test]
    fn only_64_bit_code_is_64_bit() {
        assert!(is_64_bit(0x33));
        for other in [0, 3, 0x23, 0x2b, 0xfff7, 0xffff] {
            assert!(!is_64_bit(other), "{other:#x}");
        }
    }
}
