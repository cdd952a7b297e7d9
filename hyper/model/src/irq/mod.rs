//! Physical interrupts.
//!
//! [`Pirqs`] says what each PIRQ of the domain that drives the devices stands for: a pin of an
//! IO-APIC, whose PIRQ has the pin's number (its GSI), or a message of a device (MSI, MSI-X), whose
//! PIRQs are handed out from the top. It decides; whoever holds it acts on the controllers.
//! [`MsiCapability`] and [`MsixCapability`] find and fill what a device has for messages.
//!
//! An interrupt that comes by level stays masked from its arrival until the domain ends it; one
//! that comes by edge or message is never held back.

mod capability;
mod error;
mod line;
mod message;
mod pirqs;
mod signal;
#[cfg(test)]
mod tests;
mod vectors;

pub use capability::{ConfigSpace, MsiCapability, MsixCapability};
pub use error::Error;
pub use line::{Arrival, Line, Source};
pub use message::{DeviceMessage, Message};
pub use pirqs::Pirqs;
pub use signal::{Mask, Polarity, Signal, Trigger};
pub use vectors::{FIRST_DEVICE_VECTOR, LAST_DEVICE_VECTOR, Vectors};
