//! ELF notes by which a kernel says how it wants to be started.
//!
//! Source: `public/elfnote.h`.

use crate::shape::numbers;

/// The owner of the notes, with its final zero.
pub const NOTE_NAME: &[u8; 4] = b"Xen\0";

numbers! {
    /// The type of a note. Numbers are 4 or 8 bytes, by the note's size.
    pub enum ElfNote: u32 {
        /// A string of `key=value` pairs in the old style.
        Info = 0 => "XEN_ELFNOTE_INFO",
        /// Virtual address of the entry point; number.
        Entry = 1 => "XEN_ELFNOTE_ENTRY",
        /// Virtual address of the hypercall page; number.
        HypercallPage = 2 => "XEN_ELFNOTE_HYPERCALL_PAGE",
        /// Virtual address at which the domain's memory starts; number.
        VirtBase = 3 => "XEN_ELFNOTE_VIRT_BASE",
        /// What the ELF's physical addresses are offset by; number.
        PaddrOffset = 4 => "XEN_ELFNOTE_PADDR_OFFSET",
        /// The ABI, `xen-3.0`; string.
        XenVersion = 5 => "XEN_ELFNOTE_XEN_VERSION",
        /// The guest's system; string.
        GuestOs = 6 => "XEN_ELFNOTE_GUEST_OS",
        /// The guest's version; string.
        GuestVersion = 7 => "XEN_ELFNOTE_GUEST_VERSION",
        /// The loader, `generic`; string.
        Loader = 8 => "XEN_ELFNOTE_LOADER",
        /// PAE of 32-bit guests; string.
        PaeMode = 9 => "XEN_ELFNOTE_PAE_MODE",
        /// Features that are used or, by `!`, needed; string, separated by `|`.
        Features = 10 => "XEN_ELFNOTE_FEATURES",
        /// Whether the kernel wants its symbol table; string.
        BsdSymtab = 11 => "XEN_ELFNOTE_BSD_SYMTAB",
        /// The lowest address that the hypervisor may take; number.
        HvStartLow = 12 => "XEN_ELFNOTE_HV_START_LOW",
        /// Pairs of mask and value by which valid L1 entries are told; numbers.
        L1MfnValid = 13 => "XEN_ELFNOTE_L1_MFN_VALID",
        /// Whether suspend may be cancelled; number.
        SuspendCancel = 14 => "XEN_ELFNOTE_SUSPEND_CANCEL",
        /// Virtual address at which the p2m list is wanted; number.
        InitP2m = 15 => "XEN_ELFNOTE_INIT_P2M",
        /// Whether the module need not be mapped; number.
        ModStartPfn = 16 => "XEN_ELFNOTE_MOD_START_PFN",
        /// Features that are supported; number, a bit map of
        /// [`Feature`](crate::features::Feature).
        SupportedFeatures = 17 => "XEN_ELFNOTE_SUPPORTED_FEATURES",
        /// Physical address of the 32-bit entry without paging (PVH); number.
        Phys32Entry = 18 => "XEN_ELFNOTE_PHYS32_ENTRY",
        /// In a crash image: what the hypervisor was.
        CrashInfo = 0x0100_0001 => "XEN_ELFNOTE_CRASH_INFO",
        /// In a crash image: a CPU's registers.
        CrashRegs = 0x0100_0002 => "XEN_ELFNOTE_CRASH_REGS",
        /// In a core of a domain: nothing.
        DumpcoreNone = 0x0200_0000 => "XEN_ELFNOTE_DUMPCORE_NONE",
        /// In a core of a domain: its header.
        DumpcoreHeader = 0x0200_0001 => "XEN_ELFNOTE_DUMPCORE_HEADER",
        /// In a core of a domain: the hypervisor's version.
        DumpcoreXenVersion = 0x0200_0002 => "XEN_ELFNOTE_DUMPCORE_XEN_VERSION",
        /// In a core of a domain: the format's version.
        DumpcoreFormatVersion = 0x0200_0003 => "XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION",
    }
}
