//! The hypervisor's console.

use core::fmt::{self, Write};

use ringwall_abi::Hypercall;
use ringwall_abi::xen::ConsoleIoOp;

use crate::machine;

/// Writes to the console.
pub(crate) struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let arguments = [
            ConsoleIoOp::Write as u64,
            text.len() as u64,
            text.as_ptr() as u64,
            0,
        ];
        machine::hypercall(Hypercall::ConsoleIo, arguments);
        Ok(())
    }
}

/// Prints a line. It is put together first: the console takes a line whole.
macro_rules! line {
    ($($argument:tt)*) => {{
        let mut line = $crate::console::Line::default();
        let _ = core::fmt::Write::write_fmt(&mut line, format_args!($($argument)*));
        line.end();
    }};
}
pub(crate) use line;

/// A line that is put together.
pub(crate) struct Line {
    text: [u8; 120],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            text: [0; 120],
            length: 0,
        }
    }
}

impl Line {
    /// Prints it.
    pub(crate) fn end(&self) {
        let text = self.text.get(..self.length).unwrap_or_default();
        let _ = Console.write_str(str::from_utf8(text).unwrap_or("?"));
        let _ = Console.write_str("\n");
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.text.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
