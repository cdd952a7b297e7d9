//! A rule: what was asked, and what must be answered.

use core::fmt::Display;

use ringwall_abi::{Errno, Hypercall};

use crate::call::Refused;
use crate::console::line;
use crate::machine::{self, Timed};

/// Says whether the answer is one of those that the rule allows.
pub(crate) fn refused(rule: impl Display, allowed: &[Errno], answer: i64) {
    if allowed.iter().any(|errno| errno.to_rax() == answer) {
        line!("PASS {rule}");
    } else {
        line!("FAIL {rule}: {answer}, expected {allowed:?}");
    }
}

/// The same for a rule that is stricter than Xen's.
pub(crate) fn stricter(rule: impl Display, allowed: &[Errno], answer: i64) {
    if answer == 0 {
        line!("LAX {rule}");
    } else {
        refused(rule, allowed, answer);
    }
}

/// Says whether the answer is this one.
pub(crate) fn answered(rule: impl Display, expected: i64, answer: i64) {
    if expected == answer {
        line!("PASS {rule}");
    } else {
        line!("FAIL {rule}: {answer}, expected {expected}");
    }
}

/// The answer to a hypercall.
pub(crate) fn ask(number: Hypercall, arguments: [u64; 4]) -> i64 {
    machine::hypercall(number, arguments).rax.cast_signed()
}

/// The answer as it was before `call` sorted it.
pub(crate) fn answer(outcome: Result<Timed, Refused>) -> i64 {
    outcome.map_or_else(|Refused(errno)| errno, |left| left.rax.cast_signed())
}
