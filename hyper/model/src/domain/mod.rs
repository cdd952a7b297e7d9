//! A domain's life: from its number and limits to its end.
//!
//! [`Limits`] are what a toolstack asks for, checked; [`next_id`] picks a number; [`Life`] says whether
//! its virtual CPUs may run, and how far its end is; [`Watchdogs`] end it where it does not speak up. `hyper/docs/0004-domain-lifetime.md` has the whole.

mod id;
mod life;
mod limits;
mod watchdog;

pub use id::next_id;
pub use life::{Life, LifeError, MAX_PAUSES, Phase};
pub use limits::{HANDLES_PER_FRAME, LimitError, Limits, MAX_VCPUS};
pub use watchdog::{WATCHDOGS, WatchdogError, Watchdogs};
