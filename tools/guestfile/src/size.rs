//! Sizes of memory, with units.

/// Reads `256`, `256M`, `2G`, `2GiB` or `65536K` as KiB; a bare number counts MiB, as in `xl`.
///
/// # Errors
/// One line that says what would be right.
pub fn parse_kib(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let factor = match unit.to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" => 1,
        "" | "m" | "mb" | "mib" => 1 << 10,
        "g" | "gb" | "gib" => 1 << 20,
        "t" | "tb" | "tib" => 1 << 30,
        _ => return Err(format!("{text:?} has an unknown unit: use K, M, G or T")),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| format!("{text:?} is not a size: use 256M or 2G"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("{text:?} is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, expected) in [
            ("256", Some(262_144)),
            ("256M", Some(262_144)),
            ("2g", Some(2_097_152)),
            ("2 GiB", Some(2_097_152)),
            ("64K", Some(64)),
            ("", None),
            ("M", None),
            ("1X", None),
            ("-1", None),
            ("1.5G", None),
            ("18446744073709551615T", None),
        ] {
            assert_eq!(parse_kib(text).ok(), expected, "{text:?}");
        }
    }
}
