//! Ports and APICs.

use crate::shape::record;
use crate::{GuestAddress, MachineAddress};

record! {
    /// Sets the I/O privilege of the calling virtual CPU.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_set_iopl")]
    pub struct SetIopl {
        /// 0..=3.
        pub iopl: u32,
    }

    /// Sets which ports the user code of the calling virtual CPU may use.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_set_iobitmap")]
    pub struct SetIobitmap {
        /// The bitmap: a 0 allows.
        pub bitmap: GuestAddress,
        /// Ports in it: at most 65536.
        pub nr_ports: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Reads or writes a register of an I/O APIC.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_apic")]
    pub struct ApicAccess {
        /// Where the APIC is.
        pub apic_physbase: MachineAddress,
        /// The register.
        pub reg: u32,
        /// Its value: given, or written by the hypervisor.
        pub value: u32,
    }
}
