//! Clocks and timers.
//!
//! Two units only: ticks of a counter (the TSC, mostly) and *system time*, nanoseconds since
//! the hypervisor's clock started. [`Clock`] turns one into the other, by the very arithmetic
//! that guests do with `vcpu_time_info`, so that both read the same time.

mod calibrate;
mod clock;
mod heap;
mod rtc;
mod runstate;
mod scale;
mod vcpu_timer;
mod wall_clock;

pub use calibrate::{Counter, Reading};
pub use clock::{Clock, ClockFlags, ClockValues, Stamp, VersionedCell, publish};
pub use heap::{Heap, OutOfMemory};
pub use rtc::{RtcError, RtcRegisters};
pub use runstate::{Runstate, RunstateCell, RunstateValues, VcpuState};
pub use scale::Scale;
pub use vcpu_timer::{OneShotFlags, TimerError, VcpuTimers};
pub use wall_clock::WallClock;
