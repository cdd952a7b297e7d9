//! Clocks of the machine: rates, and the time of day.

mod calibrate;
mod cmos;

pub use calibrate::{Rates, measure};
pub use cmos::read_clock;
