//! `cargo xtask bench`: what things cost, beside native Linux and Debian's Xen.

mod operations;
mod toolstack;

use anyhow::Result;

use crate::cli::{BenchArguments, BenchSubject};

/// Measures what is asked for; the result is the process's exit status.
pub(crate) fn run(arguments: &BenchArguments) -> Result<u8> {
    match arguments.subject {
        BenchSubject::Operations => operations::run(arguments),
        BenchSubject::Toolstack => toolstack::run(),
    }
}
