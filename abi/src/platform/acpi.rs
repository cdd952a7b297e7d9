//! Sleep and power management by ACPI.

use crate::shape::{flags, record};

record! {
    /// Enters a sleep state.
    ///
    /// Source: `public/platform.h`.
    #[doc(alias = "xenpf_enter_acpi_sleep")]
    pub struct EnterAcpiSleep {
        /// What PM1a control gets, or the sleep control register where `EXTENDED` is set.
        pub val_a: u16,
        /// What PM1b control gets, or the sleep type where `EXTENDED` is set.
        pub val_b: u16,
        /// The state: 1..=5.
        pub sleep_state: u32,
        /// How the values are meant.
        pub flags: SleepFlags,
    }

    /// Power states of a CPU, as the privileged domain read them from ACPI.
    ///
    /// Source: `public/platform.h`.
    #[doc(alias = "xenpf_set_processor_pminfo")]
    pub struct SetProcessorPminfo {
        /// The CPU's ACPI id.
        pub id: u32,
        /// 0: C states; 1: P states; 2: T states; 3: what the OS can do.
        #[doc(alias = "type")]
        pub kind: u32,
        /// The union.
        #[doc(alias = "u")]
        pub body: [u64; 13],
    }
}

flags! {
    /// Flags of an [`EnterAcpiSleep`].
    ///
    /// Source: `public/platform.h`.
    pub struct SleepFlags: u32 {
        /// The platform is hardware-reduced.
        EXTENDED = 1 => "XENPF_ACPI_SLEEP_EXTENDED",
    }
}
