//! Sleep types.
//!
//! Source: ACPI Specification 6.4, sections 7.4.2 (`\_Sx`) and 20.2 (the bytecode).

/// What the PM1 control registers take as `SLP_TYP`, 0..=7.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SleepType {
    /// For PM1a.
    pub a: u8,
    /// For PM1b.
    pub b: u8,
}

const NAME: u8 = 0x08;
const ROOT: u8 = b'\\';
const PACKAGE: u8 = 0x12;
const BYTE: u8 = 0x0a;

impl SleepType {
    /// Finds the definition of `\_S5`, soft off, in the bytecode of a description table, where it
    /// is a package of constants, as it has to be. Nothing is executed.
    #[must_use]
    pub fn of_soft_off(bytecode: &[u8]) -> Option<Self> {
        const S5: &[u8; 4] = b"_S5_";
        let is_name = |&at: &usize| match bytecode.get(..at) {
            Some([.., NAME] | [.., NAME, ROOT]) => {
                bytecode.get(at..).is_some_and(|rest| rest.starts_with(S5))
            }
            _ => false,
        };
        let rest = bytecode.get((0..bytecode.len()).find(is_name)? + S5.len()..)?;
        let [PACKAGE, lead, rest @ ..] = rest else {
            return None;
        };
        // The top two bits of a package's length say how many more bytes it has.
        let [elements, rest @ ..] = rest.get(usize::from(lead >> 6)..)? else {
            return None;
        };
        let (a, rest) = constant(rest)?;
        let b = if *elements > 1 { constant(rest)?.0 } else { a };
        (a < 8 && b < 8).then_some(Self { a, b })
    }
}

/// A constant of one byte, and what follows it.
fn constant(bytecode: &[u8]) -> Option<(u8, &[u8])> {
    match bytecode {
        [BYTE, value, rest @ ..] => Some((*value, rest)),
        [value @ (0 | 1), rest @ ..] => Some((*value, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::SleepType;

    const NONE: Option<(u8, u8)> = None;

    fn check(bytecode: &[u8], expected: Option<(u8, u8)>) {
        let found = SleepType::of_soft_off(bytecode).map(|found| (found.a, found.b));
        assert_eq!(found, expected, "{bytecode:02x?}");
    }

    #[test]
    fn soft_off_is_found_as_compilers_write_it() {
        check(b"\x08_S5_\x12\x06\x04\0\0\0\0", Some((0, 0)));
        check(b"\x08\\_S5_\x12\x0a\x04\x0a\x05\x0a\x07\0\0", Some((5, 7)));
        check(
            b"\x10\x2f\\\0\x08_S3_\x12\x06\x04\x01\0\0\0\x08_S5_\x12\x07\x04\x0a\x07\x01\0\0",
            Some((7, 1)),
        );
        // A length of two bytes; one element for both registers.
        check(b"\x08_S5_\x12\x48\x00\x01\x0a\x03", Some((3, 3)));
    }

    #[test]
    fn what_is_no_definition_is_not_taken_for_one() {
        check(b"", NONE);
        check(b"_S5_\x12\x06\x04\0\0\0\0", NONE);
        check(b"\x08_S5_", NONE);
        check(b"\x08_S5_\x12", NONE);
        check(b"\x08_S5_\x12\xc6\x04\0", NONE);
        check(b"\x08_S5_\x12\x06\x04\x0b\0\0\0\0", NONE);
        check(b"\x08_S5_\x12\x06\x04\x0a\x08\0\0\0", NONE);
        check(b"\x08_S4_\x12\x06\x04\0\0\0\0", NONE);
    }
}
