//! A lock that keeps the virtual CPU's own events out.

use core::ops::{Deref, DerefMut};

use spin::{Mutex, MutexGuard};

use crate::event::mask::{Masked, mask};

/// A spinning lock, for data that handlers of events use too: while it is held, its virtual CPU gets
/// no upcalls, so that a handler never waits for what it has interrupted.
///
/// A handler of an exception that interrupts the holder and takes the lock would wait for ever: such
/// handlers use [`try_lock`](Self::try_lock).
#[derive(Debug, Default)]
pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    /// An open lock.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock and takes it.
    pub fn lock(&self) -> Guard<'_, T> {
        let masked = mask();
        Guard {
            value: self.0.lock(),
            _masked: masked,
        }
    }

    /// Takes the lock if it is open.
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let masked = mask();
        Some(Guard {
            value: self.0.try_lock()?,
            _masked: masked,
        })
    }
}

/// A lock that is held. Fields are dropped in this order: first the lock opens, then upcalls come.
#[derive(Debug)]
pub struct Guard<'a, T> {
    value: MutexGuard<'a, T>,
    _masked: Masked,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}
