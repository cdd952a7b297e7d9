//! Callbacks: where the hypervisor enters a guest kernel.
//!
//! Source: `public/callback.h`.

use crate::GuestAddress;
use crate::shape::{flags, numbers, record};

numbers! {
    /// Subfunction of `callback_op`.
    pub enum CallbackOp: u32 {
        /// Sets an entry point: [`CallbackRegister`].
        Register = 0 => "CALLBACKOP_register",
        /// Clears an entry point: [`CallbackUnregister`].
        Unregister = 1 => "CALLBACKOP_unregister",
    }
}

numbers! {
    /// Which entry point.
    pub enum CallbackType: u16 {
        /// Events.
        Event = 0 => "CALLBACKTYPE_event",
        /// Returns to a context that does not load.
        Failsafe = 1 => "CALLBACKTYPE_failsafe",
        /// System calls from 64-bit user code.
        Syscall = 2 => "CALLBACKTYPE_syscall",
        /// `sysenter`, under its old number.
        SysenterDeprecated = 3 => "CALLBACKTYPE_sysenter_deprecated",
        /// NMIs.
        Nmi = 4 => "CALLBACKTYPE_nmi",
        /// `sysenter`.
        Sysenter = 5 => "CALLBACKTYPE_sysenter",
        /// `syscall` from 32-bit user code.
        Syscall32 = 7 => "CALLBACKTYPE_syscall32",
    }
}

flags! {
    /// Flags of a [`CallbackRegister`].
    pub struct CallbackFlags: u16 {
        /// Upcalls are masked on entry.
        MASK_EVENTS = 1 << 0 => "CALLBACKF_mask_events",
    }
}

record! {
    /// Argument of [`CallbackOp::Register`].
    #[doc(alias = "callback_register")]
    pub struct CallbackRegister {
        /// A [`CallbackType`].
        #[doc(alias = "type")]
        pub kind: u16,
        /// How it is entered.
        pub flags: CallbackFlags,
        #[doc(hidden)]
        pub _padding: u32,
        /// The entry point.
        pub address: GuestAddress,
    }

    /// Argument of [`CallbackOp::Unregister`].
    #[doc(alias = "callback_unregister")]
    pub struct CallbackUnregister {
        /// A [`CallbackType`].
        #[doc(alias = "type")]
        pub kind: u16,
        #[doc(hidden)]
        pub _unused: u16,
    }
}
