//! States of a device in the store.
//!
//! Source: `public/io/xenbus.h`.

use crate::shape::numbers;

numbers! {
    /// Where one end of a device stands: its node `state` holds the number in decimal.
    #[doc(alias = "xenbus_state")]
    pub enum DeviceState: u32 {
        /// Nothing is known.
        Unknown = 0 => "XenbusStateUnknown",
        /// It starts.
        Initialising = 1 => "XenbusStateInitialising",
        /// It has started, and waits for what the other end or the toolstack has to write.
        InitWait = 2 => "XenbusStateInitWait",
        /// It has written its part, and waits for the other end to connect.
        Initialised = 3 => "XenbusStateInitialised",
        /// It works.
        Connected = 4 => "XenbusStateConnected",
        /// It is about to be closed.
        Closing = 5 => "XenbusStateClosing",
        /// It is closed.
        Closed = 6 => "XenbusStateClosed",
        /// It is being changed.
        Reconfiguring = 7 => "XenbusStateReconfiguring",
        /// It has been changed.
        Reconfigured = 8 => "XenbusStateReconfigured",
    }
}
