//! Several boots at a time, since QEMU's emulation keeps one CPU of the host's busy.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::cli::TestArguments;

/// One boot for each CPU, up to what the memory of a small machine holds.
const MOST: usize = 8;

/// How many boots run at a time.
pub(super) fn number(arguments: &TestArguments) -> usize {
    let cpus = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    arguments
        .jobs
        .map_or_else(|| cpus().min(MOST), NonZeroUsize::get)
}

/// Does `work` for each item on `number` threads; starts with the first items, and returns the results in their order.
pub(super) fn each<T: Sync, R: Send>(
    number: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        items.get(at).map(|item| (at, item))
    };
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..number.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = take() {
                    let result = work(item);
                    lock(&results).push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// While it is held, nobody else makes a boot's files: images, caches and cargo's directories are everybody's.
pub(super) fn making() -> MutexGuard<'static, ()> {
    static MAKING: Mutex<()> = Mutex::new(());
    lock(&MAKING)
}

/// A worker that panicked has ended the run already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn results_are_in_order_whoever_is_first() {
        let items: Vec<u64> = (0..20).collect();
        let doubled = each(4, &items, |item| {
            thread::sleep(std::time::Duration::from_millis(20 - item));
            item * 2
        });
        assert_eq!(
            doubled,
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert!(each(4, &[] as &[u8], |_| ()).is_empty());
    }

    #[test]
    fn as_many_run_at_a_time_as_were_asked_for() {
        let barrier = Barrier::new(3);
        // Each ends when three are there.
        each(3, &[(); 6], |()| _ = barrier.wait());
    }
}
