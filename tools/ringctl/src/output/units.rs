//! Numbers as people read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// KiB as `256M` or `1.5G`.
pub(crate) fn memory(kib: u64) -> String {
    match kib {
        0..1024 => format!("{kib}K"),
        // Exact as long as it is below ten GiB.
        1024..10_485_760 => match kib % 1024 {
            0 => format!("{}M", kib >> 10),
            rest => format!("{}.{}M", kib >> 10, rest * 10 / 1024),
        },
        _ => format!("{}.{}G", kib >> 20, ((kib & 0xf_ffff) * 10) >> 20),
    }
}

/// Nanoseconds of CPU time as `12.3s`.
pub(crate) fn cpu_time(ns: u64) -> String {
    format!("{}.{}s", ns / 1_000_000_000, ns / 100_000_000 % 10)
}

/// How long ago that was: `3m 2s`.
pub(crate) fn since(time_ms: u64) -> String {
    let then = UNIX_EPOCH + Duration::from_millis(time_ms);
    let age = SystemTime::now().duration_since(then).unwrap_or_default();
    humantime::format_duration(Duration::from_secs(age.as_secs())).to_string()
}

/// A time as `2026-01-31T12:00:00.000Z`.
pub(crate) fn clock_time(time_ms: u64) -> String {
    // The formatter knows the years up to 9999.
    let bounded = time_ms.min(253_402_300_799_000);
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(bounded)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        for (kib, text) in [
            (4, "4K"),
            (1 << 10, "1M"),
            (262_144, "256M"),
            (262_656, "256.5M"),
            (16 << 20, "16.0G"),
        ] {
            assert_eq!(memory(kib), text);
        }
        assert_eq!(cpu_time(12_345_678_901), "12.3s");
        assert_eq!(clock_time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(clock_time(u64::MAX), "9999-12-31T23:59:59.000Z");
    }
}
