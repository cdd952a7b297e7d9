//! Why a domain can't be built: what, why, and what to do, on one line.

use core::fmt;
use std::path::{Path, PathBuf};

use ringwall_image::{KernelError, LayoutError, PayloadError};

/// Pages in a MiB.
const PAGES_PER_MIB: u64 = 256;

/// Why a domain can't be built.
#[derive(Debug)]
pub enum BuildError {
    /// A file can't be read.
    File {
        /// What it was to be.
        role: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The kernel can't be unpacked.
    Payload(PathBuf, PayloadError),
    /// The file is no kernel that can run.
    Kernel(PathBuf, KernelError),
    /// The kernel requires a feature that the hypervisor does not offer.
    Feature(&'static str),
    /// The command line is too long: how many bytes it has, and may have.
    CommandLine {
        /// What it has.
        length: usize,
        /// What there is room for.
        limit: usize,
    },
    /// A domain needs at least one virtual CPU, and can have at most so many.
    Vcpus {
        /// What was asked for.
        count: u32,
        /// What there may be.
        limit: u32,
    },
    /// A domain may have less memory than it is to start with, in pages.
    Maximum {
        /// What it is to have.
        pages: u64,
        /// What it may have.
        maximum: u64,
    },
    /// The domain's memory does not hold what it starts with.
    Layout(LayoutError),
    /// The machine has too little memory left, in pages.
    Memory {
        /// What the domain is to have.
        wanted: u64,
        /// What could be had.
        available: u64,
    },
    /// The initrd has changed its size while it was read.
    InitrdChanged(PathBuf),
    /// The hypervisor refused.
    Hypervisor(ringwall_control::Error),
    /// The layout and the domain's frames contradict each other: a mistake of this program.
    Inconsistent(&'static str),
}

impl BuildError {
    pub(crate) fn file(role: &'static str, path: &Path, error: std::io::Error) -> Self {
        Self::File {
            role,
            path: path.to_owned(),
            error,
        }
    }
}

/// Pages as MiB, rounded down.
const fn mib(pages: u64) -> u64 {
    pages / PAGES_PER_MIB
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { role, path, error } => write!(
                f,
                "the {role} {} can't be read: {error}; give the path of a file that is there",
                path.display()
            ),
            Self::Payload(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Kernel(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Feature(name) => write!(
                f,
                "the kernel requires the feature {name}, which this hypervisor does not have; use another kernel"
            ),
            Self::CommandLine { length, limit } => write!(
                f,
                "the kernel's command line has {length} bytes, and the ABI room for {limit}; shorten it"
            ),
            Self::Vcpus { count, limit } => write!(
                f,
                "a domain can't have {count} virtual CPUs; give it 1 to {limit}"
            ),
            Self::Maximum { pages, maximum } => write!(
                f,
                "the domain is to start with {} MiB, and may have at most {} MiB; raise the maximum, or lower the memory",
                mib(*pages),
                mib(*maximum)
            ),
            Self::Layout(error) => error.fmt(f),
            Self::Memory { wanted, available } => write!(
                f,
                "the domain is to have {} MiB, and the machine has only {} MiB left; give it less, or end another domain",
                mib(*wanted),
                mib(*available)
            ),
            Self::InitrdChanged(path) => write!(
                f,
                "the initrd {} changed its size while it was read; try again when nobody writes it",
                path.display()
            ),
            Self::Hypervisor(error) => write!(f, "the hypervisor refused {error}"),
            Self::Inconsistent(what) => write!(
                f,
                "{what} lies outside of the domain's memory; this is a mistake of the builder, report it"
            ),
        }
    }
}

impl core::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            Self::Payload(_, error) => Some(error),
            Self::Kernel(_, error) => Some(error),
            Self::Layout(error) => Some(error),
            Self::Hypervisor(error) => Some(error),
            _ => None,
        }
    }
}

impl From<LayoutError> for BuildError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

impl From<ringwall_control::Error> for BuildError {
    fn from(error: ringwall_control::Error) -> Self {
        Self::Hypervisor(error)
    }
}
