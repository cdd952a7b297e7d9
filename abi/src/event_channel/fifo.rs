//! The FIFO of events.

use crate::shape::{flags, record};

/// The highest priority. Source: `public/event_channel.h`, as all of this file.
#[doc(alias = "EVTCHN_FIFO_PRIORITY_MAX")]
pub const FIFO_PRIORITY_MAX: u32 = 0;
/// The priority of a new port.
#[doc(alias = "EVTCHN_FIFO_PRIORITY_DEFAULT")]
pub const FIFO_PRIORITY_DEFAULT: u32 = 7;
/// The lowest priority.
#[doc(alias = "EVTCHN_FIFO_PRIORITY_MIN")]
pub const FIFO_PRIORITY_MIN: u32 = 15;
/// Queues, one for each priority.
#[doc(alias = "EVTCHN_FIFO_MAX_QUEUES")]
pub const FIFO_MAX_QUEUES: usize = 16;
/// Bits of a link, which is a port.
#[doc(alias = "EVTCHN_FIFO_LINK_BITS")]
pub const FIFO_LINK_BITS: u32 = 17;
/// The bits of an event word that are its link.
#[doc(alias = "EVTCHN_FIFO_LINK_MASK")]
pub const FIFO_LINK_MASK: u32 = (1 << FIFO_LINK_BITS) - 1;
/// Ports of the FIFO ABI.
#[doc(alias = "EVTCHN_FIFO_NR_CHANNELS")]
pub const FIFO_NR_CHANNELS: u32 = 1 << FIFO_LINK_BITS;

flags! {
    /// The flags of an event word; its low bits are the link.
    #[doc(alias = "event_word_t")]
    pub struct EventWord: u32 {
        /// The event is pending.
        PENDING = 1 << 31 => "1U << EVTCHN_FIFO_PENDING",
        /// The event is masked.
        MASKED = 1 << 30 => "1U << EVTCHN_FIFO_MASKED",
        /// The event is in a queue.
        LINKED = 1 << 29 => "1U << EVTCHN_FIFO_LINKED",
        /// The guest is taking the event from its queue.
        BUSY = 1 << 28 => "1U << EVTCHN_FIFO_BUSY",
    }
}

record! {
    /// A virtual CPU's queues.
    #[doc(alias = "evtchn_fifo_control_block")]
    pub struct FifoControlBlock {
        /// Bit `n`: queue `n` has an event.
        pub ready: u32,
        #[doc(hidden)]
        pub _rsvd: u32,
        /// The first port of each queue.
        pub head: [u32; FIFO_MAX_QUEUES],
    }
}
