//! The steps of a check, each of which passes on or ends it.

use core::fmt::{Debug, Display};

use ringwall_sdk::abi::Errno;

use crate::{Answer, Check, Verdict};

/// Goes on if the hypercall was refused with one of these errors.
///
/// # Errors
///
/// The rule is broken: what was asked, and what came.
pub fn refused(what: impl Display, answer: Answer, errnos: &[Errno]) -> Check {
    if answer.is_one_of(errnos) {
        return Ok(());
    }
    Err(Verdict::failure(format_args!(
        "{what}: {answer}, not {errnos:?}"
    )))
}

/// Goes on with the result if the hypercall was not refused.
///
/// # Errors
///
/// The rule is broken: what was asked, and the error.
pub fn granted(what: impl Display, answer: Answer) -> Result<u64, Verdict> {
    match u64::try_from(answer.0) {
        Ok(result) => Ok(result),
        Err(_) => Err(Verdict::failure(format_args!("{what}: {answer}"))),
    }
}

/// Goes on if what was found is what the rule says.
///
/// # Errors
///
/// The rule is broken: both.
pub fn equal<T: PartialEq + Debug>(what: impl Display, found: T, expected: T) -> Check {
    if found == expected {
        return Ok(());
    }
    Err(Verdict::failure(format_args!(
        "{what}: {found:x?}, not {expected:x?}"
    )))
}
