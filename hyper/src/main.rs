//! Ringwall: a hypervisor for x86-64 machines without hardware virtualization.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod boot;

ringwall_hw::boot_entry!(boot::start);
