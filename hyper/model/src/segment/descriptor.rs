//! Segment descriptors (SDM vol. 3A, 3.4.5).

const ACCESSED: u64 = 1 << 40;
/// Data: writable. Code: readable.
const READ_WRITE: u64 = 1 << 41;
/// Data: expands down. Code: conforming.
const DOWN_OR_CONFORMING: u64 = 1 << 42;
const CODE: u64 = 1 << 43;
/// Code or data, and no system segment or gate.
const ORDINARY: u64 = 1 << 44;
const DPL_3: u64 = 3 << 45;
const PRESENT: u64 = 1 << 47;
const LONG: u64 = 1 << 53;
const BIG: u64 = 1 << 54;
const GRANULAR: u64 = 1 << 55;

/// Why a descriptor was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorError {
    /// A system segment or gate: those are the hypervisor's alone.
    System,
    /// A code segment that is both 64-bit and 32-bit.
    LongAndBig,
}

/// Audits an entry of a guest's GDT or LDT; the result is what may be stored.
///
/// A descriptor that is not present always faults, so it is taken as it is. Of the others only code
/// and data segments are taken. They get DPL 3, which also means that a conforming code segment is
/// none that ring 3 could use to run at another level; and they get the accessed bit, so that the
/// processor never has to write to the table.
///
/// # Errors
/// See [`DescriptorError`].
pub const fn check_descriptor(raw: u64) -> Result<u64, DescriptorError> {
    if raw & PRESENT == 0 {
        return Ok(raw);
    }
    // The isolation of guests rests on this check: a gate or TSS would lead to ring 0.
    if raw & ORDINARY == 0 {
        return Err(DescriptorError::System);
    }
    if raw & CODE != 0 && raw & LONG != 0 && raw & BIG != 0 {
        return Err(DescriptorError::LongAndBig);
    }
    Ok(raw | DPL_3 | ACCESSED)
}

/// What is done to a segment's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading data.
    Read,
    /// Writing data.
    Write,
    /// Fetching instructions.
    Execute,
}

/// A descriptor, as software reads it in place of the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Descriptor(u64);

impl Descriptor {
    /// Takes a table's entry as it is.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// The entry.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The address of the segment's first byte. 64-bit mode ignores it.
    #[must_use]
    pub const fn base(self) -> u32 {
        let [_, _, a, b, c, _, _, d] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// The highest valid offset in bytes; for a segment that expands down, the highest invalid one.
    #[must_use]
    pub const fn limit(self) -> u32 {
        let [a, b, _, _, _, _, c, _] = self.0.to_le_bytes();
        let limit = u32::from_le_bytes([a, b, c & 0xf, 0]);
        if self.0 & GRANULAR == 0 {
            limit
        } else {
            limit << 12 | 0xfff
        }
    }

    /// Whether this is a code segment of 64-bit mode.
    #[must_use]
    pub const fn is_long_code(self) -> bool {
        self.is_ordinary() && self.0 & CODE != 0 && self.0 & LONG != 0
    }

    /// Whether this is a code or data segment that is present and of DPL 3.
    #[must_use]
    pub const fn is_ordinary(self) -> bool {
        let needed = PRESENT | ORDINARY | DPL_3;
        self.0 & needed == needed
    }

    /// Translates `length` bytes at `offset` of a segment that is not 64-bit code to the linear
    /// address of the first, with all checks that the processor makes: presence, kind, privilege of
    /// ring 3 and limit. `None` where it would fault, and for a length of 0.
    #[must_use]
    pub const fn translate(self, offset: u32, length: u32, access: Access) -> Option<u32> {
        if !self.is_ordinary() || self.is_long_code() || !self.allows(access) {
            return None;
        }
        let Some(extent) = length.checked_sub(1) else {
            return None;
        };
        let Some(last) = offset.checked_add(extent) else {
            return None;
        };
        let inside = if self.0 & (CODE | DOWN_OR_CONFORMING) == DOWN_OR_CONFORMING {
            let highest = if self.0 & BIG == 0 { 0xffff } else { u32::MAX };
            offset > self.limit() && last <= highest
        } else {
            last <= self.limit()
        };
        if inside {
            Some(self.base().wrapping_add(offset))
        } else {
            None
        }
    }

    const fn allows(self, access: Access) -> bool {
        let code = self.0 & CODE != 0;
        let read_write = self.0 & READ_WRITE != 0;
        match access {
            Access::Read => !code || read_write,
            Access::Write => !code && read_write,
            Access::Execute => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Descriptor, DescriptorError, check_descriptor};

    /// Linux's: 64-bit kernel code, data, 32-bit user code.
    const CODE_64: u64 = 0x00af_9b00_0000_ffff;
    const DATA: u64 = 0x00cf_9300_0000_ffff;
    const CODE_32: u64 = 0x00cf_fb00_0000_ffff;

    #[test]
    fn what_is_taken_gives_no_more_than_ring_3() {
        let cases = [
            (0, Ok(0)),
            (CODE_64, Ok(0x00af_fb00_0000_ffff)),
            (DATA, Ok(0x00cf_f300_0000_ffff)),
            (CODE_32, Ok(CODE_32)),
            // Not accessed yet.
            (0x00cf_fa00_0000_ffff, Ok(CODE_32)),
            // Conforming.
            (0x00cf_9e00_0000_ffff, Ok(0x00cf_ff00_0000_ffff)),
            // 64-bit and 32-bit.
            (0x00ef_fb00_0000_ffff, Err(DescriptorError::LongAndBig)),
            // For data the 64-bit flag means nothing.
            (0x00ef_f300_0000_ffff, Ok(0x00ef_f300_0000_ffff)),
            // LDT, TSS, call gate, interrupt gate; and none of them present.
            (0x0000_e200_0000_ffff, Err(DescriptorError::System)),
            (0x0000_e900_0000_ffff, Err(DescriptorError::System)),
            (0x0000_ec00_e008_0000, Err(DescriptorError::System)),
            (0x0000_ee00_e008_0000, Err(DescriptorError::System)),
            (0x0000_8000_0000_0000, Err(DescriptorError::System)),
            (0x0000_6c00_e008_0000, Ok(0x0000_6c00_e008_0000)),
        ];
        for (raw, expected) in cases {
            assert_eq!(check_descriptor(raw), expected, "{raw:#018x}");
        }
    }

    #[test]
    fn all_access_bytes_and_flags_are_audited() {
        for access in 0..=0xff_u64 {
            for flags in 0..16_u64 {
                let raw = flags << 52 | access << 40;
                let present = access & 0x80 != 0;
                match check_descriptor(raw) {
                    Ok(taken) if present => {
                        assert_ne!(access & 0x10, 0);
                        assert_eq!(taken, raw | 0x61 << 40);
                        assert_eq!(check_descriptor(taken), Ok(taken));
                    }
                    Ok(taken) => assert_eq!(taken, raw),
                    Err(DescriptorError::System) => assert!(present && access & 0x10 == 0),
                    Err(DescriptorError::LongAndBig) => {
                        assert!(present && access & 8 != 0 && flags & 6 == 6);
                    }
                }
            }
        }
    }

    #[test]
    fn software_reads_check_limits_and_kinds() {
        // Base 0x12345678, limit 0xfff, read-write data.
        let small = Descriptor::new(0x1240_f334_5678_0fff);
        assert_eq!((small.base(), small.limit()), (0x1234_5678, 0xfff));
        // The same, expanding down.
        let down = Descriptor::new(0x1240_f734_5678_0fff);
        let cases = [
            (small, 0, 1, Access::Read, Some(0x1234_5678)),
            (small, 0xff8, 8, Access::Write, Some(0x1234_6670)),
            (small, 0xff9, 8, Access::Write, None),
            (small, u32::MAX, 2, Access::Read, None),
            (small, 0, 0, Access::Read, None),
            (small, 0, 1, Access::Execute, None),
            (down, 0xfff, 1, Access::Read, None),
            (down, 0x1000, 8, Access::Read, Some(0x1234_6678)),
            (down, u32::MAX, 1, Access::Read, Some(0x1234_5677)),
            (Descriptor::new(CODE_32), 0, 4, Access::Write, None),
            (Descriptor::new(CODE_32), 16, 4, Access::Execute, Some(16)),
            (
                Descriptor::new(0x00cf_f900_0000_ffff),
                0,
                4,
                Access::Read,
                None,
            ),
            (Descriptor::new(DATA), 0, 4, Access::Read, None),
            (
                Descriptor::new(0x00cf_7300_0000_ffff),
                0,
                4,
                Access::Read,
                None,
            ),
            (
                Descriptor::new(0x00af_fb00_0000_ffff),
                0,
                4,
                Access::Read,
                None,
            ),
        ];
        for (descriptor, offset, length, access, expected) in cases {
            let found = descriptor.translate(offset, length, access);
            assert_eq!(
                found, expected,
                "{descriptor:?} {offset:#x} {length} {access:?}"
            );
        }
    }
}
