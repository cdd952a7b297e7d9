//! A panic: what happened and where, then the domain's end as crashed.

use core::fmt::{self, Display};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::raw::{entry, registers};
use crate::{console, shutdown};

/// Return addresses that a backtrace has at most.
const DEPTH: usize = 32;

static PANICKING: AtomicBool = AtomicBool::new(false);

/// Prints `what` and a backtrace, and crashes the domain.
pub(crate) fn die(what: &dyn Display) -> ! {
    if !PANICKING.swap(true, Ordering::Relaxed) {
        console::in_emergency(format_args!("{what}\n{Backtrace}"));
    }
    shutdown::crash()
}

#[cfg(target_os = "none")]
#[panic_handler]
fn on_panic(information: &core::panic::PanicInfo<'_>) -> ! {
    die(information)
}

/// The functions that led here, a line for each: `  at 0xffffffff80101234`. `cargo xtask run --guest` adds
/// their names, which the kernel does not carry.
#[derive(Clone, Copy, Debug)]
pub struct Backtrace;

impl Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut count = 0;
        let mut result = Ok(());
        registers::backtrace(is_stack, |address| {
            if count < DEPTH && result.is_ok() && entry::text().contains(&address) {
                result = writeln!(f, "  at {address:#018x}");
                count += 1;
            }
        });
        result
    }
}

/// Whether the address lies in a stack: the first one, or memory of the heap, which has the others.
fn is_stack(address: u64) -> bool {
    let first: Range<u64> = entry::stack();
    first.contains(&address) || crate::memory::is_heap(address)
}
