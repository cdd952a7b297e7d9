//! Probes: code that may end by an exception, and then returns it.
//!
//! A handler that [`set`](super::set) has set for the exception comes first: a probe sees only what has no
//! handler.
// UNSAFETY: reads and writes by addresses.
#![expect(unsafe_code)]

use core::fmt;

use super::{fault_address, vector};
use crate::raw::entry::{self, Probe};

/// An exception that has ended a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The exception's vector.
    pub vector: u64,
    /// Its error code; 0 where it has none.
    pub error_code: u64,
    /// The address of the page fault; 0 for other exceptions.
    pub address: u64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exception {}, error code {:#x}",
            self.vector, self.error_code
        )?;
        if self.vector == u64::from(vector::PAGE_FAULT) {
            write!(f, ", at {:#x}", self.address)?;
        }
        Ok(())
    }
}

impl core::error::Error for Fault {}

/// Reads eight bytes, wherever they may be.
///
/// # Errors
///
/// The exception.
pub fn read(address: u64) -> Result<u64, Fault> {
    // SAFETY: nothing is written.
    unsafe { run(Probe::Read, address, 0) }
}

/// Writes eight bytes, wherever they may be.
///
/// # Safety
///
/// Nothing that Rust uses may be written.
///
/// # Errors
///
/// The exception.
pub unsafe fn write(address: u64, value: u64) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    unsafe { run(Probe::Write, address, value) }.map(|_| ())
}

/// Instructions that raise exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// `div` by zero: 0.
    Divide,
    /// `int3`: 3.
    Int3,
    /// `ud2`: 6.
    Ud2,
    /// `fninit`: 7 where the FPU traps, else none.
    Fpu,
    /// A load by the stack segment from an address that is none: 12.
    StackAddress,
    /// A load from an address that is none: 13.
    GeneralAddress,
    /// A load of a selector that has no descriptor: 13.
    Selector,
    /// A division by zero of the x87, unmasked: 16.
    Float,
    /// A division by zero of SSE, unmasked: 19.
    Simd,
    /// `int 0x80`: its handler, or 13 where it may not be raised.
    Int80,
}

impl Instruction {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Divide,
        Self::Int3,
        Self::Ud2,
        Self::Fpu,
        Self::StackAddress,
        Self::GeneralAddress,
        Self::Selector,
        Self::Float,
        Self::Simd,
        Self::Int80,
    ];
}

/// Executes an instruction.
///
/// # Errors
///
/// The exception.
pub fn execute(instruction: Instruction) -> Result<(), Fault> {
    let probe = match instruction {
        Instruction::Divide => Probe::Divide,
        Instruction::Int3 => Probe::Int3,
        Instruction::Ud2 => Probe::Ud2,
        Instruction::Fpu => Probe::Fpu,
        Instruction::StackAddress => Probe::Stack,
        Instruction::GeneralAddress => Probe::General,
        Instruction::Selector => Probe::Selector,
        Instruction::Float => Probe::Float,
        Instruction::Simd => Probe::Simd,
        Instruction::Int80 => Probe::Int80,
    };
    // SAFETY: nothing is written.
    unsafe { run(probe, 0, 0) }.map(|_| ())
}

/// # Safety
///
/// As of [`write`].
unsafe fn run(probe: Probe, address: u64, value: u64) -> Result<u64, Fault> {
    // SAFETY: as the caller promises.
    let probed = unsafe { entry::probe(probe, address, value) };
    probed.map_err(|(vector, error_code)| Fault {
        vector,
        error_code,
        address: if vector == u64::from(vector::PAGE_FAULT) {
            fault_address()
        } else {
            0
        },
    })
}
