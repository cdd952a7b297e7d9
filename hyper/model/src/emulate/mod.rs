//! Instructions that a guest may not execute itself.
//!
//! A 64-bit guest, kernel and user alike, runs in ring 3. What it executes there and may not, traps;
//! this module decides what happens then, without touching the machine:
//!
//! - [`pte`]: a write to a page that is a page table becomes a checked update of one entry;
//! - [`privileged`]: the closed list of privileged instructions that guests rely on;
//! - [`control`], [`debug`], [`flags`]: what a guest sees and may change of those registers.
//!
//! All decoders take the bytes that the caller fetched, once: what a guest changes afterwards is
//! not seen. They decode 64-bit mode only; **the caller makes sure that the guest's code segment is
//! a 64-bit one**. What is not on a list decodes to `None`, and the guest gets its exception.
//!
//! Effects on registers are computed first and committed by the caller when everything else has
//! been accepted.

mod address;
mod arithmetic;
mod canonical;
mod decoder;
mod register;
#[cfg(test)]
mod testing;

pub mod control;
pub mod debug;
pub mod flags;
pub mod privileged;
pub mod pte;

pub use address::{MemoryOperand, SegmentBases};
pub use canonical::Canonical;
pub use decoder::MAX_INSTRUCTION_BYTES;
pub use register::{Register, RegisterFile, RegisterPart, Width, step_over};
