//! Hypercalls by number and words, and what they answer.
// UNSAFETY: makes hypercalls with whatever arguments a test wants.
#![expect(unsafe_code)]

use core::fmt;

use ringwall_sdk::abi::{Errno, Hypercall};
use ringwall_sdk::hypercall;

/// What a hypercall left in `rax`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Answer(pub i64);

impl Answer {
    /// Whether it is this error.
    #[must_use]
    pub const fn is(self, errno: Errno) -> bool {
        self.0 == errno.to_rax()
    }

    /// Whether it is one of these errors.
    #[must_use]
    pub fn is_one_of(self, errnos: &[Errno]) -> bool {
        errnos.iter().any(|errno| self.is(*errno))
    }

    /// Whether it is no error.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 >= 0
    }
}

/// What a typed hypercall of the SDK came to: 0 where it was not refused.
impl<T> From<hypercall::Result<T>> for Answer {
    fn from(result: hypercall::Result<T>) -> Self {
        Self(result.err().map_or(0, hypercall::Error::rax))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Errno::from_rax(self.0) {
            Some(errno) => write!(f, "{errno:?}"),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes a hypercall with these words as its arguments, good or bad.
///
/// It is as safe as the test is careful: a guest that lends the hypervisor what it still needs, or has it
/// unmap what it runs on, is lost, and nobody else is. That is what these guests are for.
pub fn ask<const COUNT: usize>(number: Hypercall, arguments: [u64; COUNT]) -> Answer {
    ask_number(u64::from(number.number()), arguments)
}

/// The same by a number, which need not exist.
pub fn ask_number<const COUNT: usize>(number: u64, arguments: [u64; COUNT]) -> Answer {
    let mut all = [0; 5];
    for (place, argument) in all.iter_mut().zip(arguments) {
        *place = argument;
    }
    // SAFETY: this guest is a test: its memory is nobody's but its own, and it ends with its verdict.
    Answer(unsafe { hypercall::raw(number, all) })
}

/// The address of an argument that the hypervisor reads.
pub fn address<T: ?Sized>(argument: &T) -> u64 {
    core::ptr::from_ref(argument)
        .cast::<()>()
        .expose_provenance() as u64
}

/// The address of an argument that the hypervisor writes.
pub fn address_mut<T: ?Sized>(argument: &mut T) -> u64 {
    core::ptr::from_mut(argument)
        .cast::<()>()
        .expose_provenance() as u64
}
