//! What happened to domains: the last of it, and whoever waits for more.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringwall_api::{Event, EventKind};

/// Events that are kept.
const KEPT: usize = 1000;

/// The events.
#[derive(Default)]
pub(crate) struct Events {
    inner: Mutex<Inner>,
    more: Condvar,
}

#[derive(Default)]
struct Inner {
    kept: VecDeque<Event>,
    /// The number of the event after the last one.
    next: u64,
}

impl Events {
    /// Adds an event.
    pub(crate) fn add(&self, id: u16, name: &str, kind: EventKind, detail: impl Into<String>) {
        let event = Event {
            time_ms: now_ms(),
            id,
            name: name.to_owned(),
            kind,
            detail: detail.into(),
        };
        log::info!(
            "{} (domain {id}): {} {}",
            event.name,
            kind.name(),
            event.detail
        );
        let mut inner = self.lock();
        if inner.kept.len() >= KEPT {
            inner.kept.pop_front();
        }
        inner.kept.push_back(event);
        inner.next += 1;
        self.more.notify_all();
    }

    /// The events from number `from` on, and the number to go on with. Waits for one, for `patience`.
    pub(crate) fn since(&self, from: u64, patience: Duration) -> (Vec<Event>, u64) {
        let mut inner = self.lock();
        if inner.next <= from && !patience.is_zero() {
            let waited = self.more.wait_timeout(inner, patience);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let first = inner.next.saturating_sub(inner.kept.len() as u64);
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let events = inner.kept.iter().skip(skipped).cloned().collect();
        (events, inner.next)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_go_on_where_they_were() {
        let events = Events::default();
        events.add(1, "a", EventKind::Created, "");
        let (first, next) = events.since(0, Duration::ZERO);
        assert_eq!(first.len(), 1);
        events.add(1, "a", EventKind::Shutdown, "poweroff");
        let (second, next) = events.since(next, Duration::ZERO);
        assert_eq!(
            second.iter().map(|event| event.kind).collect::<Vec<_>>(),
            [EventKind::Shutdown]
        );
        assert_eq!(events.since(next, Duration::from_millis(1)).0, []);
        for _ in 0..2 * KEPT {
            events.add(2, "b", EventKind::Paused, "");
        }
        assert_eq!(events.since(next, Duration::ZERO).0.len(), KEPT);
    }
}
