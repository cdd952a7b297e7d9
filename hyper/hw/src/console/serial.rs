//! The serial line: buffered both ways, by interrupts once they work, by waiting before and after.
// UNSAFETY: claims the UART's ports.
#![expect(unsafe_code)]

use spin::Mutex;
use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::IER;
use uart_16550::{BaudRate, Config, Uart16550};

/// Output that waits for the line; a guest that writes more than the line carries waits too.
const OUTPUT: usize = 16 << 10;
/// Input that waits for a reader; more is dropped.
const INPUT: usize = 1 << 10;

struct Queue<const N: usize> {
    bytes: [u8; N],
    head: usize,
    length: usize,
}

impl<const N: usize> Queue<N> {
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            head: 0,
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) -> bool {
        if self.length == N {
            return false;
        }
        self.bytes[(self.head + self.length) % N] = byte;
        self.length += 1;
        true
    }

    fn pop(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.head)?;
        if self.length == 0 {
            return None;
        }
        self.head = (self.head + 1) % N;
        self.length -= 1;
        Some(byte)
    }
}

struct Line {
    uart: Option<Uart16550<PioBackend>>,
    /// Interrupts carry the output.
    interrupts: bool,
    output: Queue<OUTPUT>,
    input: Queue<INPUT>,
}

/// Lock order: a leaf; interrupts are off while it is held, as everywhere.
static LINE: Mutex<Line> = Mutex::new(Line {
    uart: None,
    interrupts: false,
    output: Queue::new(),
    input: Queue::new(),
});

/// Port and speed of the line.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// First of the UART's eight ports.
    pub port: u16,
    /// Baud.
    pub baud: u32,
}

/// Sets the line up, without interrupts. Without an UART there, output goes to the log alone.
pub fn init(settings: Settings) {
    // SAFETY: the port comes from the command line's names for PC UARTs; guests get no access to it.
    let Ok(mut uart) = (unsafe { Uart16550::new_port(settings.port) }) else {
        return;
    };
    let baud_rate = BaudRate::from_integer(settings.baud);
    if uart
        .init(Config {
            baud_rate,
            ..Config::DEFAULT
        })
        .is_ok()
    {
        LINE.lock().uart = Some(uart);
    }
}

/// Whether there is a line.
#[must_use]
pub fn is_initialized() -> bool {
    LINE.lock().uart.is_some()
}

/// From now on interrupts carry the bytes. The caller has routed the UART's interrupt.
pub fn interrupts_on() {
    let mut line = LINE.lock();
    line.interrupts = true;
    if let Some(uart) = &mut line.uart {
        uart.enable_interrupts(IER::DATA_READY | IER::THR_EMPTY);
    }
}

/// From now on output waits for the line. For a panic: the lock is broken if its holder can't go on.
pub fn go_synchronous() {
    if LINE.is_locked() {
        // SAFETY: the machine is ending, on this CPU, with interrupts off; the holder will not run again.
        unsafe { LINE.force_unlock() };
    }
    let mut line = LINE.lock();
    line.interrupts = false;
    line.drain();
}

/// The UART's interrupt. Returns whether input waits.
pub fn on_interrupt() -> bool {
    let mut line = LINE.lock();
    let Line {
        uart: Some(uart),
        input,
        ..
    } = &mut *line
    else {
        return false;
    };
    // Until nothing is pending: the line is an edge, and what came in between would be no new one. Reading the
    // identification acknowledges the transmitter's interrupt. Bounded, should the UART be broken.
    for _ in 0..64 {
        while let Ok(byte) = uart.try_receive_byte() {
            // A full queue drops what nobody reads.
            let _ = input.push(byte);
        }
        if !uart.isr().has_pending_interrupt() {
            break;
        }
    }
    line.send_some();
    line.input.length > 0
}

/// Takes input that waits; the number of bytes.
#[must_use]
pub fn read_input(into: &mut [u8]) -> usize {
    let mut line = LINE.lock();
    let mut count = 0;
    for slot in into {
        let Some(byte) = line.input.pop() else { break };
        *slot = byte;
        count += 1;
    }
    count
}

/// Queues bytes, with a carriage return before each line feed.
pub(super) fn write(bytes: &[u8]) {
    let mut line = LINE.lock();
    if line.uart.is_none() {
        return;
    }
    for &byte in bytes {
        if byte == b'\n' {
            line.queue(b'\r');
        }
        line.queue(byte);
    }
    if line.interrupts {
        line.send_some();
    } else {
        line.drain();
    }
}

impl Line {
    fn queue(&mut self, byte: u8) {
        if !self.output.push(byte) {
            // The line is the bottleneck: wait for a place.
            self.send_blocking();
            let _ = self.output.push(byte);
        }
    }

    /// What the UART's queue takes now.
    fn send_some(&mut self) {
        let Some(uart) = &mut self.uart else { return };
        while self.output.length > 0 && uart.ready_to_send().is_ok() {
            let mut chunk = [0; 16];
            let mut count = 0;
            for slot in &mut chunk {
                let Some(byte) = self.output.pop() else { break };
                *slot = byte;
                count += 1;
            }
            uart.send_bytes_exact(chunk.get(..count).unwrap_or(&[]));
        }
    }

    fn send_blocking(&mut self) {
        let Some(uart) = &mut self.uart else { return };
        if let Some(byte) = self.output.pop() {
            uart.send_bytes_exact(&[byte]);
        }
    }

    fn drain(&mut self) {
        while self.output.length > 0 {
            self.send_blocking();
        }
    }
}
