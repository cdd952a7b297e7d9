//! Behaviour of the scheduler.

mod decisions;
mod shares;
mod simulator;
mod threads;
