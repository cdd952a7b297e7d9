//! Why a file is no kernel that can be started.

use core::fmt;

/// Why [`Kernel::parse`](super::Kernel::parse) refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelError {
    /// The file does not start as an ELF file.
    NotElf,
    /// The file ends before its headers do, or they contradict each other.
    DamagedHeaders,
    /// A 32-bit ELF file.
    Elf32,
    /// An ELF file for another machine than x86-64.
    WrongMachine {
        /// `e_machine`.
        machine: u16,
    },
    /// More program headers than a kernel has.
    TooManySegments {
        /// How many.
        count: usize,
    },
    /// Nothing to load.
    NoSegments,
    /// A segment lies outside the file, or is larger there than in memory.
    SegmentOutsideFile {
        /// Its number among the program headers.
        index: usize,
    },
    /// A segment's physical address lies below the paddr offset, or the segment's end wraps.
    SegmentAddress {
        /// Its number among the program headers.
        index: usize,
        /// Its physical address as the file has it.
        address: u64,
        /// Its size in memory, in bytes.
        size: u64,
    },
    /// Two segments share memory.
    SegmentsOverlap {
        /// One's number among the program headers.
        first: usize,
        /// The other's number.
        second: usize,
    },
    /// Neither a Xen note nor a `__xen_guest` section.
    NoXenNotes,
    /// Xen notes, but not the one that names the entry point.
    NoEntry,
    /// A note whose content has no meaning.
    MalformedNote {
        /// The note's name, as `public/elfnote.h` has it after `XEN_ELFNOTE_`.
        name: &'static str,
    },
    /// The kernel was built for another interface.
    WrongXenVersion,
    /// The kernel can't do without a feature that has no name here.
    UnknownFeature,
    /// The entry point is not in the kernel.
    EntryOutside {
        /// Its virtual address.
        address: u64,
    },
    /// The hypercall page is not a page of the kernel.
    HypercallPageOutside {
        /// Its virtual address.
        address: u64,
    },
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotElf => f.write_str(
                "the kernel is neither a bzImage nor an ELF file: give a Linux vmlinuz or an ELF \
                 kernel for Xen PV",
            ),
            Self::DamagedHeaders => {
                f.write_str("the kernel's ELF headers are damaged or cut short: copy the file anew")
            }
            Self::Elf32 => f.write_str(
                "the kernel is a 32-bit ELF file, and only 64-bit PV kernels can run: give an \
                 x86-64 kernel",
            ),
            Self::WrongMachine { machine } => write!(
                f,
                "the kernel is for another processor (ELF machine {machine}): give an x86-64 kernel"
            ),
            Self::TooManySegments { count } => write!(
                f,
                "the kernel has {count} ELF program headers, more than any kernel needs: the file \
                 is damaged or no kernel"
            ),
            Self::NoSegments => f.write_str(
                "the kernel has no ELF segment to load: the file is damaged or no kernel",
            ),
            Self::SegmentOutsideFile { index } => write!(
                f,
                "ELF segment {index} of the kernel lies outside the file: copy the file anew"
            ),
            Self::SegmentAddress {
                index,
                address,
                size,
            } => write!(
                f,
                "ELF segment {index} of the kernel can't be at physical address {address:#x} \
                 ({size:#x} bytes): below PADDR_OFFSET, or past the end of memory"
            ),
            Self::SegmentsOverlap { first, second } => write!(
                f,
                "ELF segments {first} and {second} of the kernel overlap in memory: the file is \
                 damaged or badly linked"
            ),
            Self::NoXenNotes => f.write_str(
                "the kernel has no Xen ELF notes, so it can't run as a PV guest: give one built \
                 with PV support (Linux: CONFIG_XEN_PV)",
            ),
            Self::NoEntry => f.write_str(
                "the kernel lacks the Xen ELF note ENTRY, so it has no PV entry point: give one \
                 built with PV support (Linux: CONFIG_XEN_PV)",
            ),
            Self::MalformedNote { name } => {
                write!(
                    f,
                    "the kernel's Xen ELF note {name} is malformed: the file is damaged"
                )
            }
            Self::WrongXenVersion => f.write_str(
                "the kernel's Xen ELF note XEN_VERSION is not \"xen-3.0\": give a kernel for that \
                 interface",
            ),
            Self::UnknownFeature => f.write_str(
                "the kernel's Xen ELF note FEATURES requires a feature that does not exist here: \
                 give another kernel",
            ),
            Self::EntryOutside { address } => write!(
                f,
                "the kernel's Xen ELF note ENTRY ({address:#x}) points outside the kernel: the \
                 file is damaged or badly linked"
            ),
            Self::HypercallPageOutside { address } => write!(
                f,
                "the kernel's Xen ELF note HYPERCALL_PAGE ({address:#x}) is no page of the \
                 kernel: the file is damaged or badly linked"
            ),
        }
    }
}

impl core::error::Error for KernelError {}
