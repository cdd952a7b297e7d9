//! Serial ports.

use super::size;

/// Speed of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Baud {
    /// As the firmware has set it.
    Auto,
    /// So many bits a second, at least 1.
    Rate(u32),
}

/// Parity of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Parity {
    None,
    Odd,
    Even,
    Mark,
    Space,
}

/// `com1=` and `com2=`: how a serial port is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SerialPort {
    /// Speed.
    pub baud: Baud,
    /// Frequency of the clock over 16, where it is not 115200, in bits a second.
    pub base_baud: Option<u32>,
    /// Bits in a character, 5..=8.
    pub data_bits: u8,
    /// Parity.
    pub parity: Parity,
    /// Stop bits, 1 or 2.
    pub stop_bits: u8,
    /// The first I/O port, where it is not the customary one.
    pub io_base: Option<u16>,
    /// The interrupt, where it is not the customary one; 0 to poll.
    pub irq: Option<u8>,
}

impl Default for SerialPort {
    fn default() -> Self {
        Self {
            baud: Baud::Auto,
            base_baud: None,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
            io_base: None,
            irq: None,
        }
    }
}

impl SerialPort {
    /// Reads `<baud>[/<base>][,<frame>[,<port>[,<irq>]]]`; empty parts keep what is customary.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (speed, frame, io_base, irq) = (next(), next(), next(), next());
        if parts.next().is_some() {
            return None;
        }
        let mut port = Self::default();
        if let Some(speed) = speed {
            let (baud, base) = match speed.split_once('/') {
                Some((baud, base)) => (baud, Some(base)),
                None => (speed, None),
            };
            port.baud = match baud {
                "auto" => Baud::Auto,
                rate => Baud::Rate(rate_of(rate)?),
            };
            port.base_baud = base.map(|base| rate_of(base).ok_or(())).transpose().ok()?;
        }
        if let Some(frame) = frame {
            (port.data_bits, port.parity, port.stop_bits) = parse_frame(frame)?;
        }
        if let Some(io_base) = io_base {
            port.io_base = Some(u16::try_from(size::number(io_base)?).ok()?);
        }
        if let Some(irq) = irq {
            port.irq = Some(u8::try_from(size::number(irq)?).ok()?);
        }
        Some(port)
    }
}

fn rate_of(text: &str) -> Option<u32> {
    u32::try_from(size::number(text)?)
        .ok()
        .filter(|rate| *rate > 0)
}

fn parse_frame(text: &str) -> Option<(u8, Parity, u8)> {
    let &[data @ b'5'..=b'8', parity, stop @ b'1'..=b'2'] = text.as_bytes() else {
        return None;
    };
    let parity = match parity {
        b'n' => Parity::None,
        b'o' => Parity::Odd,
        b'e' => Parity::Even,
        b'm' => Parity::Mark,
        b's' => Parity::Space,
        _ => return None,
    };
    Some((data - b'0', parity, stop - b'0'))
}
