//! The ABI against the C headers of `libxen-dev`, compiled by gcc.

mod headers;
mod numbers;
mod structures;
