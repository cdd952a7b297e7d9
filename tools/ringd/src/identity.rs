//! UUIDs.

use std::fs::File;
use std::io::Read as _;

use ringwall_abi::xen::DomainHandle;
use ringwall_api::Result;

/// A random UUID, version 4.
pub(crate) fn random() -> Result<DomainHandle> {
    let mut bytes: DomainHandle = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Ok(bytes)
}

/// As text: `12345678-1234-1234-1234-123456789abc`.
pub(crate) fn format(handle: &DomainHandle) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in handle.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The UUID that a text has; guest files have been checked before.
pub(crate) fn parse(text: &str) -> Option<DomainHandle> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let mut bytes: DomainHandle = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(index * 2..index * 2 + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    (digits.len() == 32).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        let handle = random().unwrap();
        assert_eq!(parse(&format(&handle)), Some(handle));
        assert_eq!(parse("x"), None);
        assert_eq!(parse(&"a".repeat(34)), None);
    }
}
