//! What embassy's timers ask of a machine: the time, and an alarm.

use core::task::Waker;

use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use ringwall_sdk::sync::Lock;
use ringwall_sdk::{println, time};

/// The alarms. The lock keeps events out, as one that disables interrupts would.
struct Alarms(Lock<State>);

struct State {
    queue: Queue,
    /// What goes off at the first of them.
    timer: Option<time::Timer>,
}

embassy_time_driver::time_driver_impl!(static ALARMS: Alarms = Alarms(Lock::new(State {
    queue: Queue::new(),
    timer: None,
})));

impl Driver for Alarms {
    /// A tick is a nanosecond.
    fn now(&self) -> u64 {
        time::monotonic_ns()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let mut state = self.0.lock();
        if state.queue.schedule_wake(at, waker) {
            self.set(&mut state);
        }
    }
}

impl Alarms {
    /// The first alarm's time has come.
    fn ring(&self) {
        let mut state = self.0.lock();
        state.timer = None;
        self.set(&mut state);
    }

    /// Wakes whose time has come, and sets the timer to the next.
    fn set(&self, state: &mut State) {
        if let Some(timer) = state.timer.take() {
            timer.cancel();
        }
        let next = state.queue.next_expiration(self.now());
        if next == u64::MAX {
            return;
        }
        match time::at(next, || ALARMS.ring()) {
            Ok(timer) => state.timer = Some(timer),
            // Embassy has no way to hear of it: its tasks will sleep for ever.
            Err(error) => println!("no timer: {error}"),
        }
    }
}
