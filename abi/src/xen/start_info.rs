//! The start of day: what a new domain finds where `rsi` points.

use crate::shape::{flags, record};
use crate::{MachineAddress, Mfn, Port};

flags! {
    /// Flags of a [`StartInfo`].
    ///
    /// Source: `public/xen.h`.
    pub struct StartFlags: u32 {
        /// The domain is privileged.
        PRIVILEGED = 1 << 0 => "SIF_PRIVILEGED",
        /// The domain is the first.
        INITDOMAIN = 1 << 1 => "SIF_INITDOMAIN",
        /// `mod_start` is a list of [`MultibootModule`].
        MULTIBOOT_MOD = 1 << 2 => "SIF_MULTIBOOT_MOD",
        /// `mod_start` is a frame number.
        MOD_START_PFN = 1 << 3 => "SIF_MOD_START_PFN",
        /// Tools may use the virtual p2m list.
        VIRT_P2M_4TOOLS = 1 << 4 => "SIF_VIRT_P2M_4TOOLS",
        /// The power-management options of the privileged domain.
        PM_MASK = 0xff << 8 => "SIF_PM_MASK",
    }
}

record! {
    /// The start-of-day page of a PV domain.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "start_info")]
    pub struct StartInfo {
        /// `xen-3.0-x86_64`, then zeroes.
        pub magic: [u8; 32],
        /// Pages of memory.
        pub nr_pages: u64,
        /// The shared page.
        pub shared_info: MachineAddress,
        /// What kind of domain this is.
        pub flags: StartFlags,
        #[doc(hidden)]
        pub _padding0: u32,
        /// The store's page; unprivileged domains only.
        pub store_mfn: Mfn,
        /// The store's port; unprivileged domains only.
        pub store_evtchn: Port,
        #[doc(hidden)]
        pub _padding1: u32,
        /// The console: see [`Self::set_domu_console`] and [`Self::set_dom0_console`].
        pub console: [u32; 4],
        /// Virtual address of the root table.
        pub pt_base: u64,
        /// Frames of the initial page tables.
        pub nr_pt_frames: u64,
        /// Virtual address of the p2m list.
        pub mfn_list: u64,
        /// Virtual address of the module, or its frame number, by `flags`; 0 for none.
        pub mod_start: u64,
        /// Bytes of the module.
        pub mod_len: u64,
        /// The command line, ended by a zero.
        pub cmd_line: [u8; Self::MAX_COMMAND_LINE],
        /// First frame of the p2m list, where the kernel gave it an address of its own.
        pub first_p2m_pfn: u64,
        /// Frames of the p2m list.
        pub nr_p2m_frames: u64,
    }
}

impl StartInfo {
    /// Bytes of the command line with its final zero.
    #[doc(alias = "MAX_GUEST_CMDLINE")]
    pub const MAX_COMMAND_LINE: usize = 1024;

    /// The magic of a 64-bit PV domain.
    pub const MAGIC: [u8; 32] = *b"xen-3.0-x86_64\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    /// The console of an unprivileged domain: its ring page and its port.
    #[must_use]
    pub const fn domu_console(&self) -> (Mfn, Port) {
        let [low, high, port, _] = self.console;
        (Mfn::new((high as u64) << 32 | low as u64), Port::new(port))
    }

    /// Sets the console of an unprivileged domain: its ring page and its port.
    pub const fn set_domu_console(&mut self, page: Mfn, port: Port) {
        let page = page.raw();
        self.console = [
            (page & 0xffff_ffff) as u32,
            (page >> 32) as u32,
            port.raw(),
            0,
        ];
    }

    /// Where the [`VgaConsoleInfo`](super::VgaConsoleInfo) of the first domain lies: its offset from the start of this
    /// structure and its size, both in bytes.
    #[must_use]
    pub const fn dom0_console(&self) -> (u32, u32) {
        let [offset, size, _, _] = self.console;
        (offset, size)
    }

    /// Sets where the [`VgaConsoleInfo`](super::VgaConsoleInfo) of the first domain lies, in bytes.
    pub const fn set_dom0_console(&mut self, offset: u32, size: u32) {
        self.console = [offset, size, 0, 0];
    }
}

record! {
    /// A module in the list of [`StartFlags::MULTIBOOT_MOD`].
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "xen_multiboot_mod_list")]
    pub struct MultibootModule {
        /// Its first byte.
        pub mod_start: u32,
        /// The byte after its last.
        pub mod_end: u32,
        /// Its command line, ended by a zero.
        pub cmdline: u32,
        #[doc(hidden)]
        pub _pad: u32,
    }
}
