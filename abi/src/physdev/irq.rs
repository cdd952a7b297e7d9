//! Physical interrupts.

use crate::shape::{flags, numbers, record};
use crate::{DomainId, MachineAddress, Mfn};

numbers! {
    /// What a [`MapPirq`] maps.
    ///
    /// Source: `public/physdev.h`.
    pub enum MapPirqType: u32 {
        /// MSI or MSI-X of a device.
        Msi = 0 => "MAP_PIRQ_TYPE_MSI",
        /// A pin of an I/O APIC, by its global number.
        Gsi = 1 => "MAP_PIRQ_TYPE_GSI",
        /// Not known.
        Unknown = 2 => "MAP_PIRQ_TYPE_UNKNOWN",
        /// MSI or MSI-X of a device, its segment in the high half of `bus`.
        MsiSeg = 3 => "MAP_PIRQ_TYPE_MSI_SEG",
        /// Several MSI of a device, their count in `entry_nr`.
        MultiMsi = 4 => "MAP_PIRQ_TYPE_MULTI_MSI",
    }
}

record! {
    /// Gives a domain a number for an interrupt.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_map_pirq")]
    pub struct MapPirq {
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding0: u16,
        /// A [`MapPirqType`].
        #[doc(alias = "type")]
        pub kind: i32,
        /// The GSI, or for an MSI the vector where one is known, else -1.
        pub index: i32,
        /// The wanted number, or -1 for any; written by the hypervisor.
        pub pirq: i32,
        /// The device's bus, with its segment in the high half for `MsiSeg` and `MultiMsi`.
        pub bus: i32,
        /// The device and function.
        pub devfn: i32,
        /// The entry of an MSI-X table, or how many MSI.
        pub entry_nr: i32,
        #[doc(hidden)]
        pub _padding1: u32,
        /// The MSI-X table, or 0 for MSI.
        pub table_base: MachineAddress,
    }

    /// Takes a number from a domain.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_unmap_pirq")]
    pub struct UnmapPirq {
        /// The domain.
        pub domid: DomainId,
        #[doc(hidden)]
        pub _padding: u16,
        /// The number.
        pub pirq: i32,
    }

    /// Ends an interrupt.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_eoi")]
    pub struct Eoi {
        /// Its number in the caller's space.
        pub irq: u32,
    }

    /// Gives the page of bits that say which interrupts must be ended by a call.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_pirq_eoi_gmfn")]
    pub struct PirqEoiGmfn {
        /// The frame.
        pub gmfn: Mfn,
    }

    /// Asks about an interrupt.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_irq_status_query")]
    pub struct IrqStatusQuery {
        /// Its number in the caller's space.
        pub irq: u32,
        /// Written by the hypervisor.
        pub flags: IrqStatusFlags,
    }

    /// Asks for, or frees, an interrupt's vector.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_irq")]
    pub struct IrqVector {
        /// The interrupt.
        pub irq: u32,
        /// Written by the hypervisor: its vector.
        pub vector: u32,
    }

    /// Sets how a pin signals.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_setup_gsi")]
    pub struct SetupGsi {
        /// The pin's global number.
        pub gsi: i32,
        /// 0: edge; 1: level.
        pub triggering: u8,
        /// 0: active high; 1: active low.
        pub polarity: u8,
        #[doc(hidden)]
        pub _padding: u16,
    }

    /// Asks for a number that is free.
    ///
    /// Source: `public/physdev.h`.
    #[doc(alias = "physdev_get_free_pirq")]
    pub struct GetFreePirq {
        /// A [`MapPirqType`].
        #[doc(alias = "type")]
        pub kind: i32,
        /// Written by the hypervisor: the number.
        pub pirq: u32,
    }
}

flags! {
    /// What is known of an interrupt.
    ///
    /// Source: `public/physdev.h`.
    pub struct IrqStatusFlags: u32 {
        /// It must be ended by [`Eoi`].
        NEEDS_EOI = 1 << 0 => "XENIRQSTAT_needs_eoi",
        /// Others share it.
        SHARED = 1 << 1 => "XENIRQSTAT_shared",
    }
}
