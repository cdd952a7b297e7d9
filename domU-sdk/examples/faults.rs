//! Exceptions: raises each, shows what its handler sees, and goes on behind it.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_sdk::hypercall::{self, FpuTrap};
use ringwall_sdk::println;
use ringwall_sdk::trap::probe::{self, Instruction};
use ringwall_sdk::trap::{self, Frame};

ringwall_sdk::entry!(main);

/// Soft interrupts that were handled.
static SOFT: AtomicU64 = AtomicU64::new(0);

fn main() -> hypercall::Result<()> {
    for instruction in Instruction::ALL {
        if instruction == Instruction::Int80 {
            // By a gate that ring 3 may use; QEMU 7.2 gets the others wrong.
            trap::set_soft(0x80, soft_interrupt)?;
        }
        if instruction == Instruction::Fpu {
            hypercall::fpu_taskswitch(FpuTrap::Set)?;
        }
        match probe::execute(instruction) {
            Ok(()) => println!("FAULT {instruction:?}: none"),
            Err(fault) => println!("FAULT {instruction:?}: {fault}"),
        }
        hypercall::fpu_taskswitch(FpuTrap::Clear)?;
    }
    println!(
        "FAULT soft interrupts handled: {}",
        SOFT.load(Ordering::Relaxed)
    );
    match probe::read(0x1000) {
        Ok(value) => println!("FAULT a load from nowhere: {value:#x}"),
        Err(fault) => println!("FAULT a load from nowhere: {fault}"),
    }
    println!("FAULTS END");
    Ok(())
}

fn soft_interrupt(frame: &mut Frame) {
    println!("FAULT soft interrupt {:#x}", frame.vector());
    SOFT.fetch_add(1, Ordering::Relaxed);
}
