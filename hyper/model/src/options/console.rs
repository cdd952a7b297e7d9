//! Options that are a choice of words.

use bitflags::bitflags;

bitflags! {
    /// `console=`: where output goes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Consoles: u8 {
        /// The first serial port.
        const COM1 = 1 << 0;
        /// The second serial port.
        const COM2 = 1 << 1;
        /// The screen.
        const VGA = 1 << 2;
    }
}

impl Consoles {
    /// Reads a list of `com1`, `com2`, `vga` and `none`. A serial port may end in `H` or `L`, for
    /// those who share it between two users; it makes no difference here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split(',').try_fold(Self::empty(), |all, item| {
            Some(
                all | match item.strip_suffix(['H', 'L']).unwrap_or(item) {
                    "com1" => Self::COM1,
                    "com2" => Self::COM2,
                    "vga" => Self::VGA,
                    "none" => Self::empty(),
                    _ => return None,
                },
            )
        })
    }
}

/// How much is logged: each level includes those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say all")]
pub enum LogLevel {
    None,
    Error,
    Warning,
    Info,
    Debug,
    All,
}

impl LogLevel {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "error" => Self::Error,
            "warning" => Self::Warning,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "all" => Self::All,
            _ => return None,
        })
    }
}

/// `loglvl=` and `guest_loglvl=`: what is logged always, and what at a limited rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogLevels {
    /// Messages up to this level are always logged.
    pub always: LogLevel,
    /// Messages above `always` up to this level are logged at a limited rate; at least `always`.
    pub limited: LogLevel,
}

impl LogLevels {
    /// Reads `<level>[/<level>]`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (always, limited) = text.split_once('/').unwrap_or((text, text));
        let always = LogLevel::parse(always)?;
        let limited = LogLevel::parse(limited)?.max(always);
        Some(Self { always, limited })
    }
}

/// `reboot=`: how the machine is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum RebootMethod {
    /// Whatever works, the ACPI reset register first.
    #[default]
    Any,
    /// The ACPI reset register.
    Acpi,
    /// The keyboard controller.
    Keyboard,
    /// Port 0xcf9.
    Pci,
    /// Port 0xcf9, with a power cycle.
    Power,
    /// A triple fault.
    Triple,
    /// UEFI's runtime service.
    Efi,
    /// Not at all: the machine halts.
    Never,
}

impl RebootMethod {
    /// Reads a list of words of which the first letter counts; `warm` and `cold` make no
    /// difference here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split(',').try_fold(Self::Any, |method, item| {
            Some(match item.as_bytes().first()? {
                b'a' => Self::Acpi,
                b'k' => Self::Keyboard,
                b'p' => Self::Pci,
                b'P' => Self::Power,
                b't' => Self::Triple,
                b'e' => Self::Efi,
                b'n' => Self::Never,
                // By a hypervisor below: there is none.
                b'x' => Self::Any,
                b'w' | b'c' => method,
                _ => return None,
            })
        })
    }
}

/// `sched=`: the scheduler asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names are Xen's")]
pub enum Scheduler {
    #[default]
    Credit2,
    Credit,
    Rtds,
    Arinc653,
    Null,
}

impl Scheduler {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "credit2" => Self::Credit2,
            "credit" => Self::Credit,
            "rtds" => Self::Rtds,
            "arinc653" => Self::Arinc653,
            "null" => Self::Null,
            _ => return None,
        })
    }
}

/// `console_timestamps=`: what stands before each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Timestamps {
    /// Nothing.
    #[default]
    None,
    /// Date and time.
    Date,
    /// Date and time to the millisecond.
    DateMilliseconds,
    /// Seconds since boot, to the microsecond.
    Boot,
    /// The TSC.
    Raw,
}

impl Timestamps {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "date" => Self::Date,
            "datems" => Self::DateMilliseconds,
            "boot" => Self::Boot,
            "raw" => Self::Raw,
            _ => return None,
        })
    }
}
