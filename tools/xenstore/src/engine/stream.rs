//! A domain's ring as two streams of bytes, as far as the server has come with them.

use core::mem;

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::StoreRing;
use serde::{Deserialize, Serialize};

use super::{ConnectionId, Effects, Engine};
use crate::message::{self, Parsed};

/// Where a ring stands: the two indices that are the server's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Indices {
    /// `req_cons`: what was taken.
    pub(crate) taken: u32,
    /// `rsp_prod`: what was sent.
    pub(crate) sent: u32,
}

/// Why a ring is not served any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u32)]
pub(crate) enum Fault {
    /// The domain can't be reached.
    Communication = 1,
    /// Its indices make no sense.
    Indices = 2,
    /// It sent a message that is too long.
    Protocol = 3,
}

/// The server's side of a ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    /// The start of a request whose rest has not come.
    partial: Vec<u8>,
    /// The index in the ring behind it.
    taken: u32,
    /// Messages that go out now.
    batch: Vec<u8>,
    /// The index in the ring of the first of these bytes. How many of them have gone stands in the ring.
    batch_start: u32,
    fault: Option<Fault>,
}

impl Stream {
    /// A ring that stands there.
    pub(super) const fn new(indices: Indices) -> Self {
        Self {
            partial: Vec::new(),
            taken: indices.taken,
            batch: Vec::new(),
            batch_start: indices.sent,
            fault: None,
        }
    }

    /// The index behind what was taken.
    pub(crate) const fn taken(&self) -> u32 {
        self.taken
    }

    /// What goes out now, and the index of its first byte.
    pub(crate) fn batch(&self) -> (&[u8], u32) {
        (&self.batch, self.batch_start)
    }

    /// How many bytes of a message's start were taken without the rest.
    pub(crate) fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Why it is not served any more, if so.
    pub(crate) const fn fault(&self) -> Option<Fault> {
        self.fault
    }
}

impl Engine {
    /// A domain's ring.
    pub(crate) fn stream(&self, domain: DomainId) -> Option<&Stream> {
        self.connections
            .get(&ConnectionId::Domain(domain))?
            .stream
            .as_ref()
    }

    /// Takes bytes of a domain's requests: the rest of one at most.
    pub(crate) fn feed(&mut self, domain: DomainId, bytes: &[u8], effects: &mut dyn Effects) {
        let id = ConnectionId::Domain(domain);
        let Some(stream) = self.stream_mut(domain) else {
            return;
        };
        if stream.fault.is_some() {
            return;
        }
        stream.taken = stream
            .taken
            .wrapping_add(u32::try_from(bytes.len()).unwrap_or(0));
        if stream.partial.is_empty()
            && let Parsed::Whole(header, payload, _) = message::parse(bytes)
        {
            self.execute(id, &header, payload, effects);
            return;
        }
        stream.partial.extend_from_slice(bytes);
        match message::parse(&stream.partial) {
            Parsed::Part(_) => {}
            Parsed::Broken => self.break_ring(domain, Fault::Protocol),
            Parsed::Whole(..) => {
                let mut request = mem::take(&mut stream.partial);
                if let Parsed::Whole(header, payload, _) = message::parse(&request) {
                    self.execute(id, &header, payload, effects);
                }
                request.clear();
                if let Some(stream) = self.stream_mut(domain) {
                    stream.partial = request;
                }
            }
        }
    }

    /// Makes the next messages those that go out; those before have gone. Answers how many there are.
    pub(crate) fn next_batch(&mut self, domain: DomainId) -> u32 {
        self.take_messages(domain, u32::MAX)
    }

    /// The same with so many messages at most, whatever their size.
    pub(crate) fn take_messages(&mut self, domain: DomainId, most: u32) -> u32 {
        let Some(connection) = self.connections.get_mut(&ConnectionId::Domain(domain)) else {
            return 0;
        };
        let Some(stream) = &mut connection.stream else {
            return 0;
        };
        let gone = u32::try_from(stream.batch.len()).unwrap_or(0);
        stream.batch_start = stream.batch_start.wrapping_add(gone);
        stream.batch.clear();
        let mut count = 0_u32;
        while count < most
            && stream.batch.len() < StoreRing::SIZE
            && connection.outbox.pop(&mut stream.batch)
        {
            count = count.saturating_add(1);
        }
        count
    }

    /// Starts the connection of a domain anew, as if it had never sent anything.
    pub(crate) fn reset_ring(&mut self, domain: DomainId, indices: Indices) {
        self.forget(ConnectionId::Domain(domain));
        if let Some(stream) = self.stream_mut(domain) {
            *stream = Stream::new(indices);
        }
    }

    /// Stops serving a domain that does not keep to the protocol.
    pub(crate) fn break_ring(&mut self, domain: DomainId, fault: Fault) {
        self.forget(ConnectionId::Domain(domain));
        if let Some(stream) = self.stream_mut(domain) {
            stream.partial.clear();
            stream.fault = Some(fault);
        }
    }

    fn stream_mut(&mut self, domain: DomainId) -> Option<&mut Stream> {
        self.connections
            .get_mut(&ConnectionId::Domain(domain))?
            .stream
            .as_mut()
    }
}

/// How many bytes to take next, given what was taken of a message and what is there behind it: its rest, or as
/// much of it as is there.
///
/// A part is taken at once: Linux tells the server of bytes only where it finds the ring empty before them, and so
/// never of a message's body behind a header that was left there.
pub(crate) fn next_piece(partial: &[u8], available: &[u8]) -> core::result::Result<usize, Fault> {
    let start;
    let head = if partial.is_empty() {
        available
    } else {
        let missing = message::HEADER_SIZE.saturating_sub(partial.len());
        start = [partial, available.get(..missing).unwrap_or(available)].concat();
        &start
    };
    let size = match message::parse(head) {
        Parsed::Whole(_, _, size) | Parsed::Part(size) => size,
        Parsed::Broken => return Err(Fault::Protocol),
    };
    let needed = size.saturating_sub(partial.len());
    Ok(available.len().min(needed))
}
