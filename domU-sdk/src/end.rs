//! What `main` may return.

use core::fmt::Display;

use crate::{println, shutdown};

/// What the guest's `main` may return.
pub trait Termination {
    /// Says what went wrong, if anything.
    fn end(self);
}

impl Termination for () {
    fn end(self) {}
}

impl<T: Termination, E: Display> Termination for Result<T, E> {
    fn end(self) {
        match self {
            Ok(value) => value.end(),
            Err(error) => {
                println!("error: {error}");
                shutdown::crash()
            }
        }
    }
}
