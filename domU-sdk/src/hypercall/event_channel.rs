//! `event_channel_op`: event channels.
// UNSAFETY: lends its own arguments to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::event_channel::{EventChannelOp, Send};
use ringwall_abi::{Hypercall, Port};

use super::{Result, address_mut, call};

/// Makes an operation with its argument, which the hypervisor may write.
///
/// None of them reaches memory but its argument.
fn operation<T>(operation: EventChannelOp, argument: &mut T) -> Result<()> {
    let arguments = [operation as u64, address_mut(argument)];
    // SAFETY: the hypervisor reads and writes the argument, which has the operation's type.
    unsafe { call(Hypercall::EventChannelOp, arguments) }.map(|_| ())
}

/// Sends an event to the other end of a port.
///
/// # Errors
///
/// `EINVAL` for a port that is closed or has no other end.
pub fn event_send(port: Port) -> Result<()> {
    operation(EventChannelOp::Send, &mut Send { port })
}
