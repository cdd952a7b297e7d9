//! What of the machine a domain may use.

use crate::Mfn;
use crate::shape::record;

record! {
    /// Allows or refuses an interrupt.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_irq_permission")]
    pub struct IrqPermission {
        /// The interrupt.
        pub pirq: u32,
        /// Nonzero to allow.
        pub allow_access: u8,
        #[doc(hidden)]
        pub _pad: [u8; 3],
    }

    /// Allows or refuses frames of devices.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_iomem_permission")]
    pub struct IomemPermission {
        /// The first.
        pub first_mfn: Mfn,
        /// How many.
        pub nr_mfns: u64,
        /// Nonzero to allow.
        pub allow_access: u8,
        #[doc(hidden)]
        pub _padding: [u8; 7],
    }

    /// Allows or refuses ports.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_ioport_permission")]
    pub struct IoportPermission {
        /// The first.
        pub first_port: u32,
        /// How many.
        pub nr_ports: u32,
        /// Nonzero to allow.
        pub allow_access: u8,
        #[doc(hidden)]
        pub _padding: [u8; 3],
    }

    /// Maps frames of devices into a translated domain, or unmaps them.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_memory_mapping")]
    pub struct MemoryMapping {
        /// Where.
        pub first_gfn: u64,
        /// The first frame.
        pub first_mfn: Mfn,
        /// How many.
        pub nr_mfns: u64,
        /// 1: map; 0: unmap.
        pub add_mapping: u32,
        #[doc(hidden)]
        pub _padding: u32,
    }

    /// Sets which domain gets a virtual interrupt that only one can have.
    ///
    /// Source: `public/domctl.h`.
    #[doc(alias = "xen_domctl_set_virq_handler")]
    pub struct SetVirqHandler {
        /// A [`Virq`](crate::xen::Virq).
        pub virq: u32,
    }
}
