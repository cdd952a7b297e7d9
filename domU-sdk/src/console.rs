//! The console: [`print!`](crate::print) and [`println!`](crate::println), and what was typed.
//!
//! The privileged domain has the hypervisor's console, the others a ring that a daemon of the privileged
//! one reads and writes (`public/io/console.h`).

mod ring;

use core::fmt::{self, Write};

use ringwall_abi::Port;
use spin::Once;

use crate::sync::Lock;
use crate::{hypercall, start};
use ring::Ring;

/// Bytes that are put together before they are written.
const BUFFER_SIZE: usize = 256;

static CONSOLE: Lock<Console> = Lock::new(Console {
    buffer: [0; BUFFER_SIZE],
    length: 0,
});
static RING: Once<Option<Ring>> = Once::new();

/// Prints to the console, as `std`'s macro does.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::console::print(::core::format_args!($($argument)*)) };
}

/// Prints a line to the console, as `std`'s macro does.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => {
        $crate::console::print(::core::format_args!("{}\n", ::core::format_args!($($argument)*)))
    };
}

/// Prints; what [`print!`](crate::print) calls. Two virtual CPUs don't mix within one call.
pub fn print(arguments: fmt::Arguments<'_>) {
    let mut console = CONSOLE.lock();
    // Only a `Display` that fails by itself can fail.
    let _ = console.write_fmt(arguments);
    console.flush();
}

/// Prints, whatever was going on: when the console is in the middle of a line, without its lock.
pub(crate) fn in_emergency(arguments: fmt::Arguments<'_>) {
    if let Some(mut console) = CONSOLE.try_lock() {
        let _ = console.write_fmt(arguments);
        console.flush();
        return;
    }
    let mut console = Console {
        buffer: [0; BUFFER_SIZE],
        length: 0,
    };
    let _ = console.write_fmt(arguments);
    console.flush();
}

/// Waits until what was printed has been read, for a second at most.
pub fn flush() {
    if let Some(ring) = ring() {
        ring.drain();
    }
}

/// Reads what was typed, as far as there is room and without waiting; how many bytes.
pub fn read(buffer: &mut [u8]) -> usize {
    match ring() {
        Some(ring) => ring.read(buffer),
        None => hypercall::console_read(buffer).unwrap_or(0),
    }
}

/// The port of the console's ring, which has an event for what is typed; `None` where the console is the
/// hypervisor's, whose event is the virtual interrupt `CONSOLE`.
#[must_use]
pub fn port() -> Option<Port> {
    ring().map(Ring::port)
}

fn ring() -> Option<&'static Ring> {
    RING.call_once(|| start::console_ring().map(|(page, port)| Ring::new(page, port)))
        .as_ref()
}

struct Console {
    buffer: [u8; BUFFER_SIZE],
    length: usize,
}

impl Console {
    fn flush(&mut self) {
        let bytes = self.buffer.get(..self.length).unwrap_or_default();
        match ring() {
            Some(ring) => ring.write(bytes),
            // Refused in a domain that has no console at all: there is nobody to tell.
            None => {
                let _ = hypercall::console_write(bytes);
            }
        }
        self.length = 0;
    }
}

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.length == BUFFER_SIZE {
                self.flush();
            }
            let room = self.buffer.get_mut(self.length..).unwrap_or_default();
            let count = room.len().min(rest.len());
            let (now, later) = rest.split_at(count);
            for (place, byte) in room.iter_mut().zip(now) {
                *place = *byte;
            }
            self.length += count;
            rest = later;
        }
        Ok(())
    }
}
