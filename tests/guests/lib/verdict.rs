//! What came of a rule.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use ringwall_sdk::println;
use ringwall_sdk::sync::Lock;

/// What came of a rule, printed as one line: `VERDICT <rule> <verdict> <text>`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a verdict is the check's result"]
pub enum Verdict {
    /// The rule holds.
    Success,
    /// It holds but for what Xen is known to do otherwise: see [`differs`].
    Differs(String),
    /// It can't be tried here.
    Skip(String),
    /// The test itself is wrong, or what it stands on.
    Error(String),
    /// The rule is broken.
    Failure(String),
}

impl Verdict {
    /// A skip, for this reason.
    pub fn skip(reason: impl Display) -> Self {
        Self::Skip(reason.to_string())
    }

    /// An error of the test: what failed before the rule was tried.
    pub fn error(reason: impl Display) -> Self {
        Self::Error(reason.to_string())
    }

    /// A broken rule: what was expected, and what came.
    pub fn failure(reason: impl Display) -> Self {
        Self::Failure(reason.to_string())
    }

    const fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Success => ("success", ""),
            Self::Differs(text) => ("differs", text.as_str()),
            Self::Skip(text) => ("skip", text.as_str()),
            Self::Error(text) => ("error", text.as_str()),
            Self::Failure(text) => ("failure", text.as_str()),
        }
    }
}

/// A check that ends early with the verdict that `?` passes on.
pub type Check = Result<(), Verdict>;

impl From<Check> for Verdict {
    fn from(check: Check) -> Self {
        check.err().unwrap_or(Self::Success)
    }
}

/// What the `ensure!` and `skip!` macros return from a check.
impl From<Verdict> for Check {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Success => Ok(()),
            other => Err(other),
        }
    }
}

/// A hypercall that is refused where the check needs it is an error of the test.
impl From<ringwall_sdk::hypercall::Error> for Verdict {
    fn from(error: ringwall_sdk::hypercall::Error) -> Self {
        Self::error(error)
    }
}

/// What was found to differ from what we hold to be right.
static DIFFERENCES: Lock<Vec<String>> = Lock::new(Vec::new());

/// Notes a point where Xen is known to do otherwise: what it does there, and why we hold ours to be right.
/// The guest goes on; its verdict is `differs`, which the runner takes on Xen, and nowhere else.
pub fn differs(text: impl Display) {
    DIFFERENCES.lock().push(text.to_string());
}

/// Says that what comes next is a panic, which must be printed and end this domain as crashed; the runner
/// waits for it. What comes after that is a failure.
pub fn panics(rule: &str, by: impl Display) {
    println!("PANICS {rule} {by}");
}

/// Says that what comes next switches the machine off, by what; the runner waits for it. What comes after
/// that is a failure: the check returns one.
pub fn powers_off(rule: &str, by: impl Display) {
    println!("POWERS OFF {rule} {by}");
}

/// Says that what comes next must crash this domain, by what; the runner waits for it. What comes
/// after that is a failure: the check returns one.
pub fn crashes(rule: &str, by: impl Display) {
    println!("CRASHES {rule} {by}");
}

/// Runs the check and prints its verdict.
pub fn run<T: Into<Verdict>>(rule: &str, check: fn() -> T) {
    let mut verdict = check().into();
    let differences = DIFFERENCES.lock();
    if verdict == Verdict::Success && !differences.is_empty() {
        verdict = Verdict::Differs(differences.join("; "));
    }
    let (name, text) = verdict.parts();
    // One line, whatever the text has.
    let text = text.replace('\n', " ");
    println!("VERDICT {rule} {name} {text}");
}
