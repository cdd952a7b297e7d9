//! Sizes with a unit.

/// Reads a size in bytes: a number in decimal, hexadecimal (`0x`) or octal (`0`), then its unit
/// `B`, `K`, `M`, `G` or `T` in either case, `K` if there is none.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'b' | b'B' if !text.starts_with("0x") => (text.get(..text.len() - 1)?, 0),
        b'k' | b'K' => (text.get(..text.len() - 1)?, 10),
        b'm' | b'M' => (text.get(..text.len() - 1)?, 20),
        b'g' | b'G' => (text.get(..text.len() - 1)?, 30),
        b't' | b'T' => (text.get(..text.len() - 1)?, 40),
        _ => (text, 10),
    };
    number(digits)?.checked_mul(1 << shift)
}

/// Reads a number as C writes it.
pub(super) fn number(text: &str) -> Option<u64> {
    // `from_str_radix` takes a sign, which has no place here.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.starts_with('+') => None,
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}
