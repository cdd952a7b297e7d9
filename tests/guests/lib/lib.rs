//! What the guests that test a rule of the ABI share: verdicts, and hypercalls by number.
//!
//! Such a guest is `tests/guests/<rule>/main.rs`, whose comment states the rule and where the ABI says
//! so, and a `[[bin]]` of `tests/guests/Cargo.toml`:
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! guests::rule!(check);
//! fn check() -> guests::Verdict { ... }
//! ```
#![no_std]

extern crate alloc;

mod answer;
mod verdict;

pub use answer::{Answer, address, address_mut, ask, ask_number};
pub use ringwall_sdk as sdk;
pub use verdict::{Check, Verdict, run};

/// Makes a function the guest's one check: `fn() -> Verdict`, `fn() -> Check`, or `fn() -> Result<(), E>`
/// whose error is a failure.
#[macro_export]
macro_rules! rule {
    ($check:path) => {
        $crate::sdk::entry!(main);

        fn main() {
            $crate::run(env!("CARGO_BIN_NAME"), $check);
        }
    };
}

/// Ends the check with a failure unless the condition holds; the text says what is wrong.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return $crate::Verdict::failure(::core::format_args!($($text)+)).into();
        }
    };
}

/// Ends the check as one that says nothing here; the text says why.
#[macro_export]
macro_rules! skip {
    ($($text:tt)+) => {
        return $crate::Verdict::skip(::core::format_args!($($text)+)).into()
    };
}
