//! Values on the command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A virtual CPU's number, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vcpu(pub(crate) Option<u32>);

pub(crate) fn vcpu(text: &str) -> Result<Vcpu, String> {
    match text {
        "all" => Ok(Vcpu(None)),
        _ => {
            let number = text.parse().map_err(|_| "use a number, or all")?;
            Ok(Vcpu(Some(number)))
        }
    }
}

/// `30s`, `5m`, `1h 30m`; a bare number counts seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text).map_err(|_| "use 30s, 5m or 2h".to_owned())
}

/// A time before now, or a date: milliseconds since 1970.
pub(crate) fn since(text: &str) -> Result<u64, String> {
    let time = match duration(text) {
        Ok(ago) => SystemTime::now().checked_sub(ago).unwrap_or(UNIX_EPOCH),
        Err(_) => humantime::parse_rfc3339_weak(text)
            .map_err(|_| "use 10m, 2h or 2026-01-31T12:00:00Z")?,
    };
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("30", Some(30)),
            ("5m", Some(300)),
            ("1h 1s", Some(3601)),
            ("x", None),
        ] {
            assert_eq!(
                duration(text).ok(),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
        assert_eq!(since("1970-01-01T00:00:02Z"), Ok(2000));
        assert_eq!(since("99999999999999"), Ok(0));
        assert!(since("yesterday").is_err());
        assert_eq!(vcpu("all"), Ok(Vcpu(None)));
        assert_eq!(vcpu("3"), Ok(Vcpu(Some(3))));
        assert!(vcpu("-1").is_err());
    }
}
