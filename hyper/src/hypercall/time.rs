//! `set_timer_op` (15): one shot at a system time in ns, 0 to stop. Result: 0.

use super::{Call, Result};
use crate::{clock, schedule};

pub(super) fn set_timer(call: &mut Call<'_>) -> Result {
    let deadline_ns = call.number(0);
    let mut timers = call.vcpu.timers.lock();
    timers.set_timer_op(deadline_ns, clock::now_ns());
    drop(timers);
    schedule::set_deadline(call.vcpu);
    Ok(0)
}
