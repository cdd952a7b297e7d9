//! What the boot loader told, copied out of its memory.

use ringwall_abi::MachineAddress;

/// Most memory regions that are kept; the rest is left unused.
pub const MAX_REGIONS: usize = 128;
/// Most modules that are kept.
pub const MAX_MODULES: usize = 16;
/// Most bytes of a command line that are kept.
const MAX_TEXT: usize = 2048;

/// Text of bounded length.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; MAX_TEXT],
    length: usize,
}

impl Text {
    const EMPTY: Self = Self {
        bytes: [0; MAX_TEXT],
        length: 0,
    };

    /// Keeps what fits of the bytes up to the first NUL.
    pub(super) fn from_bytes(source: impl Iterator<Item = u8>) -> Self {
        let mut text = Self::EMPTY;
        for (slot, byte) in text
            .bytes
            .iter_mut()
            .zip(source.take_while(|&byte| byte != 0))
        {
            *slot = if byte.is_ascii() { byte } else { b'?' };
            text.length += 1;
        }
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..self.length)
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .unwrap_or("")
    }
}

/// What a region of physical memory is; the numbers are those of an E820 map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegionKind {
    /// Usable RAM (1).
    Ram,
    /// Reserved (2).
    Reserved,
    /// ACPI tables, usable once they were read (3).
    AcpiReclaimable,
    /// ACPI non-volatile storage (4).
    AcpiNvs,
    /// Defective RAM (5).
    Unusable,
    /// Any other number.
    Other(u32),
}

impl RegionKind {
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Ram,
            2 => Self::Reserved,
            3 => Self::AcpiReclaimable,
            4 => Self::AcpiNvs,
            5 => Self::Unusable,
            other => Self::Other(other),
        }
    }

    /// The kind's number in an E820 map.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Ram => 1,
            Self::Reserved => 2,
            Self::AcpiReclaimable => 3,
            Self::AcpiNvs => 4,
            Self::Unusable => 5,
            Self::Other(number) => number,
        }
    }
}

/// A region of physical memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// First byte.
    pub start: u64,
    /// Byte after the last.
    pub end: u64,
    /// What it is.
    pub kind: RegionKind,
}

/// A file that the boot loader put into memory.
#[derive(Clone, Copy)]
pub struct Module {
    /// First byte, physical.
    pub start: u64,
    /// Byte after the last.
    pub end: u64,
    /// Its command line.
    pub command_line: Text,
}

/// What the boot loader told.
pub struct BootInformation {
    pub(super) command_line: Text,
    pub(super) loader: Text,
    pub(super) regions: [Region; MAX_REGIONS],
    pub(super) region_count: usize,
    pub(super) modules: [Module; MAX_MODULES],
    pub(super) module_count: usize,
    pub(super) modules_dropped: usize,
    pub(super) rsdp: Option<MachineAddress>,
    pub(super) known: bool,
}

impl BootInformation {
    pub(super) const fn empty() -> Self {
        let region = Region {
            start: 0,
            end: 0,
            kind: RegionKind::Reserved,
        };
        let module = Module {
            start: 0,
            end: 0,
            command_line: Text::EMPTY,
        };
        Self {
            command_line: Text::EMPTY,
            loader: Text::EMPTY,
            regions: [region; MAX_REGIONS],
            region_count: 0,
            modules: [module; MAX_MODULES],
            module_count: 0,
            modules_dropped: 0,
            rsdp: None,
            known: false,
        }
    }

    pub(super) fn add_region(&mut self, start: u64, length: u64, kind: RegionKind) {
        let end = start.saturating_add(length);
        if let Some(slot) = self.regions.get_mut(self.region_count)
            && start < end
        {
            *slot = Region { start, end, kind };
            self.region_count += 1;
        }
    }

    pub(super) fn add_module(&mut self, start: u64, end: u64, command_line: Text) {
        match self.modules.get_mut(self.module_count) {
            Some(slot) => {
                *slot = Module {
                    start,
                    end,
                    command_line,
                };
                self.module_count += 1;
            }
            None => self.modules_dropped += 1,
        }
    }

    /// Whether the loader's magic number was one that Ringwall knows.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The hypervisor's command line, without the image's name.
    #[must_use]
    pub fn command_line(&self) -> &str {
        let line = self.command_line.as_str();
        // QEMU and old loaders put the image's path first.
        let is_path = |word: &str| word.contains('/') && !word.contains('=');
        match line.split_once(' ') {
            Some((first, rest)) if is_path(first) => rest,
            None if is_path(line) => "",
            _ => line,
        }
    }

    /// Whether a module's command line begins with its file's name: GRUB 2 leaves the name out.
    #[must_use]
    pub fn modules_are_named(&self) -> bool {
        // GRUB 1 called itself "GRUB 0.9x".
        self.loader()
            .strip_prefix("GRUB ")
            .is_none_or(|version| version.starts_with('0'))
    }

    /// The loader's name for itself.
    #[must_use]
    pub fn loader(&self) -> &str {
        self.loader.as_str()
    }

    /// The memory map, in the loader's order.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        self.regions.get(..self.region_count).unwrap_or(&[])
    }

    /// The modules, in the loader's order.
    #[must_use]
    pub fn modules(&self) -> &[Module] {
        self.modules.get(..self.module_count).unwrap_or(&[])
    }

    /// How many modules there were beyond [`MAX_MODULES`].
    #[must_use]
    pub fn modules_dropped(&self) -> usize {
        self.modules_dropped
    }

    /// A copy of the ACPI root pointer that the loader made, if it did.
    #[must_use]
    pub fn rsdp(&self) -> Option<MachineAddress> {
        self.rsdp
    }
}
