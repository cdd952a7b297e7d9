//! Watchdogs: what ends a domain that does not speak up in time.

use ringwall_abi::Errno;

/// How many a domain has.
pub const WATCHDOGS: usize = 2;

const NS_PER_S: u64 = 1_000_000_000;

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchdogError {
    /// There is no such watchdog, or it is not set: `EINVAL`.
    Invalid,
    /// All are set: `ENOSPC`.
    AllSet,
}

impl From<WatchdogError> for Errno {
    fn from(error: WatchdogError) -> Self {
        match error {
            WatchdogError::Invalid => Self::EINVAL,
            WatchdogError::AllSet => Self::ENOSPC,
        }
    }
}

/// A domain's watchdogs, numbered from 1: when each runs out, in ns of system time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watchdogs([Option<u64>; WATCHDOGS]);

impl Watchdogs {
    /// None is set.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; WATCHDOGS])
    }

    /// Sets a new one, for number 0: its number; for no time it runs out at once. Sets another time for one that is set, or clears it, for
    /// a time of 0: 0.
    ///
    /// # Errors
    /// [`WatchdogError`]; nothing has changed.
    #[doc(alias = "SCHEDOP_watchdog")]
    pub fn request(&mut self, id: u32, timeout_s: u32, now_ns: u64) -> Result<u32, WatchdogError> {
        let runs_out = now_ns.saturating_add(u64::from(timeout_s) * NS_PER_S);
        let Some(index) = id.checked_sub(1) else {
            let mut places = self.0.iter_mut().zip(1..);
            let (place, id) = places
                .find(|(place, _)| place.is_none())
                .ok_or(WatchdogError::AllSet)?;
            *place = Some(runs_out);
            return Ok(id);
        };
        let place = self.0.get_mut(index as usize);
        let set = place
            .filter(|place| place.is_some())
            .ok_or(WatchdogError::Invalid)?;
        *set = (timeout_s != 0).then_some(runs_out);
        Ok(0)
    }

    /// When the first one runs out.
    #[must_use]
    pub fn deadline_ns(&self) -> Option<u64> {
        self.0.iter().copied().flatten().min()
    }

    /// Clears those that have run out; whether any has.
    pub fn expire(&mut self, now_ns: u64) -> bool {
        let mut any = false;
        for place in &mut self.0 {
            if place.is_some_and(|deadline| deadline <= now_ns) {
                *place = None;
                any = true;
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::{NS_PER_S, WatchdogError, Watchdogs};

    #[test]
    fn two_can_be_set_each_with_its_own_time() {
        let mut watchdogs = Watchdogs::new();
        assert_eq!(watchdogs.request(0, 9, 5), Ok(1));
        assert_eq!(watchdogs.request(0, 4, 5), Ok(2));
        assert_eq!(watchdogs.request(0, 1, 5), Err(WatchdogError::AllSet));
        assert_eq!(watchdogs.deadline_ns(), Some(5 + 4 * NS_PER_S));
        assert_eq!(watchdogs.request(2, 20, 6), Ok(0));
        assert_eq!(watchdogs.deadline_ns(), Some(5 + 9 * NS_PER_S));
        assert_eq!(watchdogs.request(1, 0, 7), Ok(0));
        assert_eq!(watchdogs.deadline_ns(), Some(6 + 20 * NS_PER_S));
        assert_eq!(watchdogs.request(0, 1, 8), Ok(1), "its place is free again");
    }

    #[test]
    fn what_is_not_set_is_refused() {
        let mut watchdogs = Watchdogs::new();
        for id in [1, 2, 3, u32::MAX] {
            for timeout in [0, 1] {
                let outcome = watchdogs.request(id, timeout, 0);
                assert_eq!(outcome, Err(WatchdogError::Invalid), "{id} {timeout}");
            }
        }
        assert_eq!(watchdogs, Watchdogs::new());
        assert_eq!(watchdogs.request(0, 0, 7), Ok(1));
        assert!(watchdogs.expire(7), "at once");
    }

    #[test]
    fn one_that_runs_out_is_told_once() {
        let mut watchdogs = Watchdogs::new();
        assert_eq!(watchdogs.request(0, 1, 0), Ok(1));
        assert_eq!(watchdogs.request(0, 3, 0), Ok(2));
        assert!(!watchdogs.expire(NS_PER_S - 1));
        assert!(watchdogs.expire(NS_PER_S));
        assert!(!watchdogs.expire(NS_PER_S));
        assert_eq!(watchdogs.request(1, 1, 0), Err(WatchdogError::Invalid));
        assert_eq!(watchdogs.deadline_ns(), Some(3 * NS_PER_S));
    }

    #[test]
    fn a_time_past_the_clocks_end_is_its_end() {
        let mut watchdogs = Watchdogs::new();
        assert_eq!(watchdogs.request(0, u32::MAX, u64::MAX - 1), Ok(1));
        assert_eq!(watchdogs.deadline_ns(), Some(u64::MAX));
    }
}
