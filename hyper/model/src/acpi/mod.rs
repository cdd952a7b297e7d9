//! What is read out of the firmware's bytecode.

mod sleep;

pub use sleep::SleepType;
