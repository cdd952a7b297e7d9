//! What dom0 gets.

use core::fmt;

use ringwall_abi::PAGE_SHIFT;

use super::size;

/// Of the memory that is there, the part (one in so many) that dom0 leaves when nothing is said.
const RESERVE_PART: u64 = 16;
/// The most that it leaves, in pages: 128 MiB.
const RESERVE_MAX: u64 = (128 << 20) >> PAGE_SHIFT;

/// An amount of memory: a size, a share of what is available, or their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    /// Size in bytes.
    pub bytes: u64,
    /// Whether the size was given with a minus. Alone, it is then counted down from what is
    /// available; with a share, it is taken from that.
    pub negative: bool,
    /// Per cent of what is available, 0..=99.
    pub percent: Option<u8>,
}

impl Amount {
    /// Reads `[-]<size>`, `<percent>%` or `[-]<size>+<percent>%`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (size, percent) = match text.strip_suffix('%') {
            None => (Some(text), None),
            Some(share) => {
                let (size, percent) = match share.rsplit_once('+') {
                    Some((size, percent)) => (Some(size), percent),
                    None => (None, share),
                };
                let percent = u8::try_from(size::number(percent)?).ok()?;
                (size, Some(percent))
            }
        };
        if percent.is_some_and(|percent| percent >= 100) {
            return None;
        }
        let (negative, bytes) = match size.map(|size| (size, size.strip_prefix('-'))) {
            None => (false, 0),
            Some((size, None)) => (false, size::bytes(size)?),
            Some((_, Some(magnitude))) => (true, size::bytes(magnitude)?),
        };
        Some(Self {
            bytes,
            negative,
            percent,
        })
    }

    /// The amount in pages; 0 where more is taken away than there is.
    fn pages(self, available: u64) -> u64 {
        let size = self.bytes >> PAGE_SHIFT;
        let base = match self.percent {
            Some(percent) => {
                let share = u128::from(available) * u128::from(percent) / 100;
                u64::try_from(share).unwrap_or(available)
            }
            None if self.negative => available,
            None => 0,
        };
        if self.negative {
            base.saturating_sub(size)
        } else {
            base.saturating_add(size)
        }
    }
}

/// `dom0_mem=`: how much memory dom0 gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dom0Memory {
    /// What it starts with. Without it: all but a sixteenth, or all but 128 MiB if that is more.
    pub size: Option<Amount>,
    /// What it starts with at least.
    pub min: Option<Amount>,
    /// What it starts with, and may grow to, at most.
    pub max: Option<Amount>,
}

/// dom0's memory in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dom0Pages {
    /// What it starts with, at least 1.
    pub pages: u64,
    /// What it may grow to, at least `pages`; `None` for no limit.
    pub max_pages: Option<u64>,
}

/// Why dom0 can't have the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dom0MemoryError {
    /// More than there is. Both in pages.
    TooMuch {
        /// What was asked for.
        requested: u64,
        /// What there is.
        available: u64,
    },
    /// Nothing would be left for it.
    Nothing {
        /// What there is, in pages.
        available: u64,
    },
}

impl fmt::Display for Dom0MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |pages: &u64| pages.saturating_mul(4);
        match self {
            Self::TooMuch {
                requested,
                available,
            } => write!(
                f,
                "dom0_mem= asks for {} KiB, but only {} KiB are available: ask for less or give \
                 the machine more memory",
                kib(requested),
                kib(available)
            ),
            Self::Nothing { available } => write!(
                f,
                "dom0_mem= leaves dom0 no memory of the {} KiB available: ask for more",
                kib(available)
            ),
        }
    }
}

impl core::error::Error for Dom0MemoryError {}

impl Dom0Memory {
    /// Reads a list of `<amount>`, `min:<amount>` and `max:<amount>`; later ones count.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split(',').try_fold(Self::default(), |memory, item| {
            Some(if let Some(min) = item.strip_prefix("min:") {
                Self {
                    min: Some(Amount::parse(min)?),
                    ..memory
                }
            } else if let Some(max) = item.strip_prefix("max:") {
                Self {
                    max: Some(Amount::parse(max)?),
                    ..memory
                }
            } else {
                Self {
                    size: Some(Amount::parse(item)?),
                    ..memory
                }
            })
        })
    }

    /// What dom0 gets of `available` pages. `max` counts for more than `min`.
    ///
    /// # Errors
    /// [`Dom0MemoryError::TooMuch`] if that is more than there is,
    /// [`Dom0MemoryError::Nothing`] if it is no page.
    pub fn resolve(&self, available: u64) -> Result<Dom0Pages, Dom0MemoryError> {
        let pages = |amount: Amount| amount.pages(available);
        let default = available.saturating_sub((available / RESERVE_PART).min(RESERVE_MAX));
        let wanted = self
            .size
            .map_or(default, pages)
            .max(self.min.map_or(0, pages));
        let max_pages = self.max.map(pages);
        let wanted = max_pages.map_or(wanted, |max| wanted.min(max));
        match wanted {
            0 => Err(Dom0MemoryError::Nothing { available }),
            _ if wanted > available => Err(Dom0MemoryError::TooMuch {
                requested: wanted,
                available,
            }),
            pages => Ok(Dom0Pages { pages, max_pages }),
        }
    }
}

/// `dom0_max_vcpus=`: how many virtual CPUs dom0 gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dom0Vcpus {
    /// At least so many, at least 1.
    pub min: u32,
    /// At most so many, at least `min`.
    pub max: u32,
}

impl Default for Dom0Vcpus {
    fn default() -> Self {
        Self {
            min: 1,
            max: u32::MAX,
        }
    }
}

impl Dom0Vcpus {
    /// Reads `<n>`, `<min>-<max>`, `<min>-` or `-<max>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let count = |text: &str, absent: u32| match text {
            "" => Some(absent),
            text => u32::try_from(size::number(text)?).ok(),
        };
        let (min, max) = match text.split_once('-') {
            Some(("", "")) => return None,
            Some((min, max)) => (count(min, 1)?, count(max, u32::MAX)?),
            None => {
                let exact = u32::try_from(size::number(text)?).ok()?;
                (exact, exact)
            }
        };
        (1 <= min && min <= max).then_some(Self { min, max })
    }

    /// How many on a machine with so many CPUs: one on each, within the limits.
    #[must_use]
    pub fn resolve(&self, cpus: u32) -> u32 {
        cpus.max(self.min).min(self.max)
    }
}
