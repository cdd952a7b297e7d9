//! Requests and replies.

use serde::{Deserialize, Serialize};

use super::{HeapStatistics, PageCounts, Statistics, VcpuCounters, VcpuStatistics};
use crate::{DomainId, VcpuId};

/// No request is longer, in bytes.
pub const REQUEST_MAX: usize = 32;
/// No reply is longer, in bytes.
pub const REPLY_MAX: usize = 512;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Which [`VERSION`](super::VERSION) the hypervisor has. Of every version.
    Version,
    /// The machine, and some of its domains. Since version 1.
    Statistics {
        /// The first domain to tell of, or the next one that there is.
        from: DomainId,
    },
    /// A virtual CPU. Since version 1.
    Vcpu {
        /// Whose it is.
        domain: DomainId,
        /// Its number there.
        vcpu: VcpuId,
    },
    /// What a virtual CPU did. Since version 2.
    Counters {
        /// Whose it is.
        domain: DomainId,
        /// Its number there.
        vcpu: VcpuId,
    },
    /// What a domain's frames are used as, of a part of the machine's. Since version 2.
    Pages {
        /// Whose they are.
        domain: DomainId,
        /// The first frame of the part; 0 to begin, then what the reply says.
        from: u64,
    },
    /// The hypervisor's own memory. Since version 3.
    Heap,
}

/// What is answered: the variant of the request's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The hypervisor's [`VERSION`](super::VERSION).
    Version(u32),
    /// The machine, and some of its domains.
    Statistics(Statistics),
    /// A virtual CPU.
    Vcpu(VcpuStatistics),
    /// What a virtual CPU did.
    Counters(VcpuCounters),
    /// Some of a domain's frames.
    Pages(PageCounts),
    /// The hypervisor's own memory.
    Heap(HeapStatistics),
}

/// Writes a message to the start of `place`; its bytes, or `None` where it does not fit.
pub fn encode<'a>(message: &impl Serialize, place: &'a mut [u8]) -> Option<&'a [u8]> {
    postcard::to_slice(message, place).ok().map(|bytes| &*bytes)
}

/// Reads a message; `None` if `bytes` are not one, and all of it.
#[must_use]
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (message, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(message)
}
