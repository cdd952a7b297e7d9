//! Debug registers of a guest.
//!
//! A breakpoint in the hypervisor's own memory would fire in ring 0, reserved bits would fault there:
//! so a value is checked before it becomes part of a vCPU, and what is kept can be loaded as it is
//! (SDM vol. 3B, 18.2).

use super::canonical::Canonical;
use super::control::Cr4;

/// The first address of the hypervisor's part of every address space (public/arch-x86/xen-x86_64.h).
pub const HYPERVISOR_START: u64 = 0xffff_8000_0000_0000;
/// The first address behind it.
pub const HYPERVISOR_END: u64 = 0xffff_8800_0000_0000;

/// Bits of DR6 that are always set.
const DR6_FIXED: u64 = 0xffff_0ff0;
/// Bits of DR6 that can be set: B0..=B3, BD, BS, BT.
const DR6_WRITABLE: u64 = 0xe00f;
/// The bit of DR7 that is always set.
const DR7_FIXED: u64 = 1 << 10;
/// Bits of DR7 that can be set without GD: L0..=G3, LE, GE, and the four pairs of R/W and LEN.
const DR7_WRITABLE: u64 = 0xffff_03ff;
/// General detect: #DB at each access to a debug register.
const DR7_GENERAL_DETECT: u64 = 1 << 13;

/// Why a debug register was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugError {
    /// There is no such register: #UD, or `-EINVAL`. DR4 and DR5 while CR4.DE is set, too.
    NoRegister,
    /// The value is not one that a guest may set: #GP, or `-EPERM`.
    Refused,
}

/// A guest's debug registers: what is in here may be loaded into the processor while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebugRegisters {
    /// DR0..=DR3: canonical, and outside the hypervisor's memory.
    addresses: [Canonical; 4],
    dr6: u64,
    /// Without reserved bits and GD.
    dr7: u64,
}

impl Default for DebugRegisters {
    fn default() -> Self {
        Self {
            addresses: [Canonical::default(); 4],
            dr6: DR6_FIXED,
            dr7: DR7_FIXED,
        }
    }
}

impl DebugRegisters {
    /// Writes register `index`, as MOV to DR and `HYPERVISOR_set_debugreg` do. `cr4` is the guest's.
    ///
    /// # Errors
    /// [`DebugError::NoRegister`] above 7, and for 4 and 5 under CR4.DE. [`DebugError::Refused`] for
    /// an address that is not canonical or in the hypervisor's memory; for bits
    /// 63..=32 of DR6 or DR7; for DR7.GD; for an I/O breakpoint without CR4.DE, or that is longer
    /// than 4 bytes; for an instruction breakpoint that is longer than 1.
    pub fn set(&mut self, index: u8, value: u64, cr4: Cr4) -> Result<(), DebugError> {
        match Self::resolve(index, cr4)? {
            Resolved::Address(address) => {
                let slot = self
                    .addresses
                    .get_mut(address)
                    .ok_or(DebugError::NoRegister)?;
                *slot = breakpoint_address(value)?;
            }
            Resolved::Status => self.dr6 = status(value)?,
            Resolved::Control => self.dr7 = control(value, cr4)?,
        }
        Ok(())
    }

    /// Reads register `index`, as MOV from DR and `HYPERVISOR_get_debugreg` do. `cr4` is the guest's.
    ///
    /// # Errors
    /// [`DebugError::NoRegister`] above 7, and for 4 and 5 under CR4.DE.
    pub fn get(&self, index: u8, cr4: Cr4) -> Result<u64, DebugError> {
        match Self::resolve(index, cr4)? {
            Resolved::Address(address) => self
                .addresses
                .get(address)
                .map(|a| a.raw())
                .ok_or(DebugError::NoRegister),
            Resolved::Status => Ok(self.dr6),
            Resolved::Control => Ok(self.dr7),
        }
    }

    /// All registers of a new context (`vcpu_guest_context.debugreg`): none is taken unless all can
    /// be. The unused 4 and 5 are ignored.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn from_context(values: &[u64; 8], cr4: Cr4) -> Result<Self, DebugError> {
        let [dr0, dr1, dr2, dr3, _, _, dr6, dr7] = *values;
        let [a0, a1, a2, a3] = [dr0, dr1, dr2, dr3].map(breakpoint_address);
        let addresses = [a0?, a1?, a2?, a3?];
        Ok(Self {
            addresses,
            dr6: status(dr6)?,
            dr7: control(dr7, cr4)?,
        })
    }

    /// Records what the processor reported in DR6 with a #DB: the new bits join those that the
    /// guest has not cleared yet.
    pub const fn report(&mut self, dr6: u64) {
        self.dr6 |= dr6 & DR6_WRITABLE;
    }

    /// Whether any breakpoint is enabled, and DR0..=DR3 and DR7 have to be loaded.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.dr7 & 0xff != 0
    }

    /// DR0..=DR3 for the processor.
    #[must_use]
    pub const fn addresses(&self) -> [Canonical; 4] {
        self.addresses
    }

    /// DR6.
    #[must_use]
    pub const fn dr6(&self) -> u64 {
        self.dr6
    }

    /// DR7.
    #[must_use]
    pub const fn dr7(&self) -> u64 {
        self.dr7
    }

    fn resolve(index: u8, cr4: Cr4) -> Result<Resolved, DebugError> {
        match index {
            0..=3 => Ok(Resolved::Address(usize::from(index))),
            4 | 5 if cr4.contains(Cr4::DE) => Err(DebugError::NoRegister),
            4 | 6 => Ok(Resolved::Status),
            5 | 7 => Ok(Resolved::Control),
            _ => Err(DebugError::NoRegister),
        }
    }
}

/// What an index means.
enum Resolved {
    Address(usize),
    Status,
    Control,
}

/// The processor aligns a breakpoint of 2, 4 or 8 bytes down to its length, so it covers at most the
/// aligned 8 bytes around the address; those are what must lie outside.
fn breakpoint_address(value: u64) -> Result<Canonical, DebugError> {
    if (HYPERVISOR_START..HYPERVISOR_END).contains(&value) {
        return Err(DebugError::Refused);
    }
    Canonical::new(value).ok_or(DebugError::Refused)
}

fn status(value: u64) -> Result<u64, DebugError> {
    if value >> 32 != 0 {
        return Err(DebugError::Refused);
    }
    Ok(value & DR6_WRITABLE | DR6_FIXED)
}

fn control(value: u64, cr4: Cr4) -> Result<u64, DebugError> {
    if value >> 32 != 0 || value & DR7_GENERAL_DETECT != 0 {
        return Err(DebugError::Refused);
    }
    for index in 0..4 {
        let enabled = value >> (index * 2) & 3 != 0;
        let kind = value >> (16 + index * 4) & 3;
        let length = value >> (18 + index * 4) & 3;
        let valid = match (kind, length) {
            // Instructions: one byte.
            (0, length) => length == 0,
            // I/O: no 8 bytes.
            (2, length) => cr4.contains(Cr4::DE) && length != 2,
            _ => true,
        };
        if enabled && !valid {
            return Err(DebugError::Refused);
        }
    }
    Ok(value & DR7_WRITABLE | DR7_FIXED)
}

#[cfg(test)]
mod tests {
    use super::{DebugError, DebugRegisters};
    use crate::emulate::control::Cr4;

    fn set(index: u8, value: u64, cr4: Cr4) -> Result<u64, DebugError> {
        let mut registers = DebugRegisters::default();
        registers.set(index, value, cr4)?;
        registers.get(index, cr4)
    }

    #[test]
    fn breakpoints_keep_out_of_the_hypervisor() {
        let refused = Err(DebugError::Refused);
        let cases = [
            (0, Ok(0)),
            (0x7fff_ffff_ffff, Ok(0x7fff_ffff_ffff)),
            (0x8000_0000_0000, refused),
            (0xffff_7fff_ffff_ffff, refused),
            (0xffff_8000_0000_0000, refused),
            (0xffff_87ff_ffff_ffff, refused),
            (0xffff_8800_0000_0000, Ok(0xffff_8800_0000_0000)),
            (u64::MAX, Ok(u64::MAX)),
        ];
        for index in 0..4 {
            for (address, expected) in cases {
                assert_eq!(set(index, address, Cr4::empty()), expected, "{address:#x}");
            }
        }
    }

    #[test]
    fn each_bit_of_dr6_and_dr7_is_forced_refused_or_kept() {
        for bit in 0..64 {
            let value = 1 << bit;
            let status = match bit {
                0..=3 | 13..=15 => Ok(0xffff_0ff0 | value),
                0..=31 => Ok(0xffff_0ff0),
                _ => Err(DebugError::Refused),
            };
            assert_eq!(set(6, value, Cr4::empty()), status, "bit {bit} of DR6");
            let control = match bit {
                13 | 32.. => Err(DebugError::Refused),
                10..=15 => Ok(0x400),
                _ => Ok(0x400 | value),
            };
            assert_eq!(set(7, value, Cr4::empty()), control, "bit {bit} of DR7");
        }
    }

    #[test]
    fn an_enabled_breakpoint_has_a_kind_and_a_length_that_go_together() {
        for index in 0..4_u32 {
            for enable in 1..4_u64 {
                for kind in 0..4_u64 {
                    for length in 0..4_u64 {
                        let fields = (kind | length << 2) << (16 + 4 * index);
                        let value = enable << (2 * index) | fields;
                        let plain = kind != 2 && (kind != 0 || length == 0);
                        let with_de = plain || kind == 2 && length != 2;
                        assert_eq!(set(7, value, Cr4::empty()).is_ok(), plain, "{value:#x}");
                        assert_eq!(set(7, value, Cr4::DE).is_ok(), with_de, "{value:#x}");
                        assert!(set(7, fields, Cr4::empty()).is_ok(), "{value:#x} disabled");
                    }
                }
            }
        }
    }

    #[test]
    fn dr4_and_dr5_are_others_names_until_de_is_set() {
        assert_eq!(set(4, 1, Cr4::empty()), Ok(0xffff_0ff1));
        assert_eq!(set(5, 1, Cr4::empty()), Ok(0x401));
        for index in [4, 5] {
            assert_eq!(set(index, 1, Cr4::DE), Err(DebugError::NoRegister));
        }
        for index in 8..=u8::MAX {
            assert_eq!(set(index, 0, Cr4::empty()), Err(DebugError::NoRegister));
        }
    }

    #[test]
    fn a_context_is_taken_whole_or_not_at_all() {
        let good = [1, 2, 3, 4, u64::MAX, u64::MAX, 0, 0x3];
        let registers = DebugRegisters::from_context(&good, Cr4::empty()).expect("good");
        assert_eq!(registers.addresses().map(|a| a.raw()), [1, 2, 3, 4]);
        assert_eq!((registers.dr6(), registers.dr7()), (0xffff_0ff0, 0x403));
        assert!(registers.is_active() && !DebugRegisters::default().is_active());
        for (index, bad) in [
            (0, 1 << 63),
            (3, 0xffff_8000_0000_0000),
            (6, 1 << 32),
            (7, 1 << 13),
        ] {
            let mut values = good;
            values[index] = bad;
            let result = DebugRegisters::from_context(&values, Cr4::empty());
            assert_eq!(result, Err(DebugError::Refused), "{index}");
        }
    }

    #[test]
    fn reported_bits_stay_until_the_guest_clears_them() {
        let mut registers = DebugRegisters::default();
        registers.report(0xffff_4ff0);
        registers.report(0xffff_0ff1);
        assert_eq!(registers.dr6(), 0xffff_4ff1);
    }
}
