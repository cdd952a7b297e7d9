//! The machine: the only crate of the hypervisor that may hold unsafe code.
#![no_std]
