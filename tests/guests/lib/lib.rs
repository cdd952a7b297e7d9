//! What the guests that test a rule of the ABI share: verdicts, and hypercalls by number.
//!
//! Such a guest is `tests/guests/<rule>/main.rs`, whose comment states the rule and where the ABI says
//! so, and a line in `bin` of `tests/guests/Cargo.toml`. Rules of one subject share the start of their
//! names: `cargo xtask test 'guests/trap_*'` runs them. A rule that needs more than QEMU's default CPU has a
//! model in `package.metadata.cpu` there.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! guests::rule!(check);
//! fn check() -> guests::Verdict { ... }
//! ```
//!
//! A check ends with a failure by `ensure!`, with a skip by `skip!`. Where Xen is known to do otherwise, and
//! we hold that to be wrong, `unless_xen!` notes it, and the check goes on. What must end in a crash of the
//! domain is announced by `crashes!`, what switches the machine off by `powers_off!`. [`attempt`] runs pieces of code as kernel and as user, and says by which
//! exception or callback they were left.
#![no_std]

extern crate alloc;

mod answer;
pub mod attempt;
pub mod control;
pub mod domain;
pub mod events;
pub mod grants;
pub mod memory;
pub mod page;
pub mod random;
pub mod reservation;
mod steps;
pub mod tables;
pub mod tree;
pub mod vcpus;
mod verdict;

pub use answer::{Answer, address, address_mut, ask, ask_number};
pub use ringwall_sdk as sdk;
pub use steps::{equal, granted, refused};
pub use verdict::{Check, Verdict, crashes, differs, panics, powers_off, run};

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

/// Notes a difference where the condition does not hold, and goes on: [`differs`]. The text says what Xen
/// does, and why it is not what we do.
#[macro_export]
macro_rules! unless_xen {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            $crate::differs(::core::format_args!($($text)+));
        }
    };
}

/// Says what is about to crash the domain, as it must: [`crashes()`].
#[macro_export]
macro_rules! crashes {
    ($($text:tt)+) => {
        $crate::crashes(env!("CARGO_BIN_NAME"), ::core::format_args!($($text)+))
    };
}

/// Says what is about to switch the machine off: [`powers_off()`].
#[macro_export]
macro_rules! powers_off {
    ($($text:tt)+) => {
        $crate::powers_off(env!("CARGO_BIN_NAME"), ::core::format_args!($($text)+))
    };
}

/// Ends the check as one that says nothing here; the text says why.
#[macro_export]
macro_rules! skip {
    ($($text:tt)+) => {
        return $crate::Verdict::skip(::core::format_args!($($text)+)).into()
    };
}
