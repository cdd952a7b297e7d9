//! Reading the command line.

use super::{
    Complaint, Consoles, Dom0Memory, Dom0Vcpus, Fault, LogLevels, Options, RebootMethod, Scheduler,
    SerialPort, Timestamps, size, unused,
};

/// The log ring is not made larger than this, in bytes.
const MAX_LOG_RING: u64 = 64 << 20;
/// The log ring is not made smaller than this, in bytes: one page.
const MIN_LOG_RING: u64 = 4 << 10;

/// What stands after an option's name.
#[derive(Clone, Copy)]
enum Value<'a> {
    /// Nothing: `name`.
    Bare,
    /// `name=text`.
    Text(&'a str),
    /// `no-name`.
    Negated,
}

impl<'a> Options<'a> {
    /// Reads a command line: words, separated by blanks.
    ///
    /// A boot loader may put the image's name first. So the first word is passed over if it is not
    /// an option's name and has no value.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        let mut options = Self::default();
        let mut rest = line.trim_ascii_start();
        let mut is_first = true;
        while !rest.is_empty() {
            let end = rest
                .find(|c: char| c.is_ascii_whitespace())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after.trim_ascii_start();
            if word == "--" {
                options.dom0_arguments = Some(rest.trim_ascii_end());
                break;
            }
            match options.apply(word) {
                Err(Fault::Unknown) if is_first && !word.contains('=') => {}
                Err(fault) => options.complaints.push(Complaint {
                    option: word,
                    fault,
                }),
                Ok(()) => {}
            }
            is_first = false;
        }
        options
    }

    fn apply(&mut self, word: &'a str) -> Result<(), Fault> {
        let (name, value) = match (word.split_once('='), word.strip_prefix("no-")) {
            (Some((name, text)), _) => (name, Value::Text(text)),
            (None, Some(name)) => (name, Value::Negated),
            (None, _) => (word, Value::Bare),
        };
        match name {
            "dom0_mem" => {
                let form = "dom0_mem=[min:|max:]<size>[K|M|G|T] or <percent>%, in a list";
                self.dom0_memory = value.parse(form, Dom0Memory::parse)?;
            }
            "dom0_max_vcpus" => {
                let form = "dom0_max_vcpus=<n> or <min>-<max>";
                self.dom0_vcpus = value.parse(form, Dom0Vcpus::parse)?;
            }
            "com1" => {
                let form = "com1=<baud>|auto[,8n1[,<port>[,<irq>]]]";
                self.com1 = Some(value.parse(form, SerialPort::parse)?);
            }
            "com2" => {
                let form = "com2=<baud>|auto[,8n1[,<port>[,<irq>]]]";
                self.com2 = Some(value.parse(form, SerialPort::parse)?);
            }
            "console" => {
                let form = "console=com1|com2|vga|none, in a list";
                self.consoles = value.parse(form, Consoles::parse)?;
            }
            "console_timestamps" => {
                let form = "console_timestamps=none|date|datems|boot|raw";
                self.timestamps = match value.boolean() {
                    Some(true) => Timestamps::Date,
                    Some(false) => Timestamps::None,
                    None => value.parse(form, Timestamps::parse)?,
                };
            }
            "conring_size" => {
                let size = value.parse("conring_size=<size>[K|M]", size::bytes)?;
                let size = size.clamp(MIN_LOG_RING, MAX_LOG_RING);
                self.log_ring_size = size.checked_next_power_of_two().unwrap_or(MAX_LOG_RING);
            }
            "loglvl" => {
                let form = "loglvl=none|error|warning|info|debug|all[/<level>]";
                self.log = value.parse(form, LogLevels::parse)?;
            }
            "guest_loglvl" => {
                let form = "guest_loglvl=none|error|warning|info|debug|all[/<level>]";
                self.guest_log = value.parse(form, LogLevels::parse)?;
            }
            "reboot" => {
                let form = "reboot=acpi|kbd|pci|Power|triple|efi|no";
                self.reboot = value.parse(form, RebootMethod::parse)?;
            }
            "noreboot" => self.halt_on_crash = value.switch("noreboot[=<bool>]")?,
            "maxcpus" => {
                let cpus = value.parse("maxcpus=<n>, at least 1", |text| {
                    u32::try_from(size::number(text)?)
                        .ok()
                        .filter(|cpus| *cpus > 0)
                })?;
                self.max_cpus = Some(cpus);
            }
            "nosmp" => self.max_cpus = value.switch("nosmp[=<bool>]")?.then_some(1),
            "sched" => {
                let form = "sched=credit2|credit|rtds|arinc653|null";
                self.scheduler = value.parse(form, Scheduler::parse)?;
            }
            "sync_console" => self.sync_console = value.switch("sync_console[=<bool>]")?,
            "watchdog" => {
                let forced = matches!(value, Value::Text("force"));
                self.watchdog = forced || value.switch("watchdog[=<bool>|force]")?;
            }
            // For guests with hardware virtualization alone: there are none.
            "smep" if matches!(value, Value::Text("hvm")) => self.smep = false,
            "smep" => self.smep = value.switch("smep[=<bool>|hvm]")?,
            "smap" if matches!(value, Value::Text("hvm")) => self.smap = false,
            "smap" => self.smap = value.switch("smap[=<bool>|hvm]")?,
            // What GRUB's script puts where the image's name was.
            "placeholder" => {}
            "dom0" => value.parse("dom0=pv", dom0_mode)?,
            name if unused::is_known(name) => return Err(Fault::Unused),
            _ => return Err(Fault::Unknown),
        }
        Ok(())
    }
}

impl<'a> Value<'a> {
    fn parse<T>(
        self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Fault> {
        match self {
            Self::Text(text) => read(text),
            Self::Bare | Self::Negated => None,
        }
        .ok_or(Fault::Malformed { expected })
    }

    fn switch(self, expected: &'static str) -> Result<bool, Fault> {
        self.boolean().ok_or(Fault::Malformed { expected })
    }

    fn boolean(self) -> Option<bool> {
        match self {
            Self::Bare => Some(true),
            Self::Negated => Some(false),
            Self::Text("1" | "on" | "yes" | "true" | "enable") => Some(true),
            Self::Text("0" | "off" | "no" | "false" | "disable") => Some(false),
            Self::Text(_) => None,
        }
    }
}

/// Everything but another kind of dom0 is fine, as it makes no difference.
fn dom0_mode(text: &str) -> Option<()> {
    text.split(',').all(|item| item != "pvh").then_some(())
}
