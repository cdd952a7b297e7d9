//! Why dom0 can't be built.

use core::fmt;

use ringwall_image::{KernelError, LayoutError, PayloadError};
use ringwall_model::memory;
use ringwall_model::options::Dom0MemoryError;

/// Why dom0 can't be built. Each message is one line that names cause and remedy.
pub(crate) enum BuildError {
    Payload(PayloadError),
    Kernel(KernelError),
    Layout(LayoutError),
    Memory(Dom0MemoryError),
    /// A feature that the kernel requires.
    Feature(&'static str),
    Tables(memory::Error),
    OutOfMemory(&'static str),
    /// The initrd's size and dom0's memory in MiB.
    InitrdTooLarge(u64, u64),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(error) => write!(f, "dom0 kernel: {error}"),
            Self::Kernel(error) => write!(f, "dom0 kernel: {error}"),
            Self::Layout(error) => write!(f, "dom0: {error}"),
            Self::Memory(error) => write!(f, "{error}"),
            Self::Feature(name) => {
                write!(
                    f,
                    "dom0 kernel: it requires the feature {name}, which Ringwall does not have; use another kernel"
                )
            }
            Self::Tables(error) => {
                write!(f, "dom0: its first page tables were refused ({error:?})")
            }
            Self::OutOfMemory(what) => write!(
                f,
                "dom0: no memory for {what}; give the machine more, or dom0_mem= less"
            ),
            Self::InitrdTooLarge(initrd, memory) => write!(
                f,
                "dom0: its initrd has {initrd} MiB, its memory {memory} MiB; raise dom0_mem= or use a smaller initrd"
            ),
        }
    }
}

impl From<PayloadError> for BuildError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<KernelError> for BuildError {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}

impl From<LayoutError> for BuildError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

impl From<Dom0MemoryError> for BuildError {
    fn from(error: Dom0MemoryError) -> Self {
        Self::Memory(error)
    }
}
