//! What embassy's executor asks of a machine: sleep until there is something to do.
// UNSAFETY: embassy finds its two functions by their names, and leaves to us to call `poll` rightly.
#![expect(unsafe_code)]

use alloc::boxed::Box;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use ringwall_sdk::event;

/// A task is ready.
static READY: AtomicBool = AtomicBool::new(false);
/// Some task has asked for the end.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Embassy calls this when a task becomes ready, perhaps in an event's handler.
// SAFETY: name and signature are those that embassy asks for, and nobody else has them.
#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    READY.store(true, Ordering::SeqCst);
}

/// Runs what `start` spawns, and what that spawns, until [`end`].
pub(crate) fn run(start: impl FnOnce(Spawner)) {
    let executor: &'static raw::Executor = Box::leak(Box::new(raw::Executor::new(ptr::null_mut())));
    start(executor.spawner());
    while !ENDED.load(Ordering::SeqCst) {
        // SAFETY: 1. The executor was initialized by `new`. 2. It is called by this virtual CPU
        // alone, and never from within itself: the pender only sets a flag.
        unsafe { executor.poll() };
        // Where a kernel would execute `sti; hlt`.
        event::wait_until(|| ENDED.load(Ordering::SeqCst) || READY.swap(false, Ordering::SeqCst));
    }
}

/// Ends [`run`].
pub(crate) fn end() {
    ENDED.store(true, Ordering::SeqCst);
}
