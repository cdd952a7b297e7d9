//! The hypervisor's console.

use crate::shape::numbers;

numbers! {
    /// Command of `console_io`.
    ///
    /// Source: `public/xen.h`.
    pub enum ConsoleIoOp: u32 {
        /// Writes `count` bytes from a buffer.
        Write = 0 => "CONSOLEIO_write",
        /// Reads up to `count` bytes into a buffer; returns how many.
        Read = 1 => "CONSOLEIO_read",
    }
}
