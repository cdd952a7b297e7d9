//! Event channels.
//!
//! Source: `public/event_channel.h`.

mod fifo;
mod ops;
mod status;

pub use fifo::{
    EventWord, FIFO_LINK_BITS, FIFO_LINK_MASK, FIFO_MAX_QUEUES, FIFO_NR_CHANNELS,
    FIFO_PRIORITY_DEFAULT, FIFO_PRIORITY_MAX, FIFO_PRIORITY_MIN, FifoControlBlock,
};
pub use ops::{
    AllocUnbound, BindInterdomain, BindIpi, BindPirq, BindPirqFlags, BindVcpu, BindVirq, Close,
    EventChannelOp, ExpandArray, InitControl, Reset, Send, SetPriority, Unmask,
};
pub use status::{EventChannelStatus, PortStatus, StatusCode};

/// Ports of the two-level ABI: 0..4096.
#[doc(alias = "EVTCHN_2L_NR_CHANNELS")]
pub const TWO_LEVEL_NR_CHANNELS: u32 = 4096;
