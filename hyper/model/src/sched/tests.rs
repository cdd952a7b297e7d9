//! Behaviour of the scheduler.
