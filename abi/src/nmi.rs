//! NMIs of the privileged domain.
//!
//! Source: `public/nmi.h`.

use crate::GuestAddress;
use crate::shape::{flags, numbers, record};

numbers! {
    /// Subfunction of `nmi_op`.
    pub enum NmiOp: u32 {
        /// Sets the handler: [`NmiCallback`].
        RegisterCallback = 0 => "XENNMI_register_callback",
        /// Clears the handler.
        UnregisterCallback = 1 => "XENNMI_unregister_callback",
    }
}

flags! {
    /// Why an NMI came.
    pub struct NmiReason: u64 {
        /// An I/O check error.
        IO_ERROR = 1 << 0 => "XEN_NMIREASON_io_error",
        /// A PCI system error.
        PCI_SERR = 1 << 1 => "XEN_NMIREASON_pci_serr",
        /// None of the others.
        UNKNOWN = 1 << 2 => "XEN_NMIREASON_unknown",
    }
}

record! {
    /// Argument of [`NmiOp::RegisterCallback`].
    #[doc(alias = "xennmi_callback")]
    pub struct NmiCallback {
        /// The handler.
        pub handler_address: GuestAddress,
        #[doc(hidden)]
        pub _pad: u64,
    }
}
