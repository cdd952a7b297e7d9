//! Ringwall: a hypervisor for x86-64 machines without hardware virtualization.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod boot;
mod clock;
mod context;
mod dom0;
mod domain;
mod event;
mod hypercall;
mod irq;
mod machine;
mod pool;
mod schedule;
mod trap;
mod vcpu;

ringwall_hw::boot_entry!(boot::start);
