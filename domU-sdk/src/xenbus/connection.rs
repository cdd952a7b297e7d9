//! The store's ring: messages there and back.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::sync::atomic::{Ordering, fence};

use ringwall_abi::Port;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType, PAYLOAD_MAX, StoreRing};
use zerocopy::{FromBytes, IntoBytes};

use super::StoreError;
use super::watch::Events;
use crate::SharedPage;
use crate::device::Platform;

/// Requests whose answer may still come although nobody waits for it any more.
const ABANDONED_MAX: usize = 64;
/// For how long to sleep at most before looking again, in nanoseconds: another CPU may have taken the
/// signal.
const SLICE_NS: u64 = 100_000_000;
#[expect(clippy::cast_possible_truncation, reason = "a thousand")]
const RING_BYTES: u32 = StoreRing::SIZE as u32;
const HEADER_BYTES: usize = size_of::<MessageHeader>();

/// A message from the store.
#[derive(Debug)]
struct Message {
    header: MessageHeader,
    payload: Vec<u8>,
}

/// The ring and what came by it.
#[derive(Debug)]
pub(super) struct Connection<P: Platform> {
    page: SharedPage,
    port: Port,
    platform: P,
    next_request: u32,
    /// The message that is coming in.
    partial: Vec<u8>,
    /// Requests that were given up.
    abandoned: Vec<u32>,
    pub(super) events: Events,
    broken: Option<&'static str>,
}

impl<P: Platform> Connection<P> {
    /// `page` is the ring, `port` the channel.
    pub(super) fn new(platform: P, page: SharedPage, port: Port) -> Self {
        Self {
            page,
            port,
            platform,
            next_request: 1,
            partial: Vec::new(),
            abandoned: Vec::new(),
            events: Events::default(),
            broken: None,
        }
    }

    pub(super) fn port(&self) -> Port {
        self.port
    }

    /// Sends a request and waits for its answer until `until_ns`.
    pub(super) fn request(
        &mut self,
        kind: MessageType,
        transaction: u32,
        parts: &[&[u8]],
        until_ns: u64,
    ) -> Result<Vec<u8>, StoreError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > PAYLOAD_MAX {
            return Err(StoreError::TooLong);
        }
        self.usable()?;
        let id = self.next_request;
        self.next_request = self.next_request.wrapping_add(1);
        let header = MessageHeader {
            kind: kind.number(),
            req_id: id,
            tx_id: transaction,
            len: u32::try_from(length).map_err(|_| StoreError::TooLong)?,
        };
        self.send(header.as_bytes(), until_ns)?;
        for part in parts {
            self.send(part, until_ns)?;
        }
        self.answer(kind, id, until_ns)
    }

    /// Takes in what has come, without waiting.
    pub(super) fn poll(&mut self) -> Result<(), StoreError> {
        self.usable()?;
        while let Some(message) = self.receive()? {
            self.unasked(&message)?;
        }
        Ok(())
    }

    fn answer(&mut self, kind: MessageType, id: u32, until_ns: u64) -> Result<Vec<u8>, StoreError> {
        loop {
            let Some(message) = self.receive()? else {
                if self.platform.now_ns() >= until_ns {
                    return self.abandon(id);
                }
                self.sleep(until_ns);
                continue;
            };
            if message.header.req_id != id
                || message.header.kind == MessageType::WatchEvent.number()
            {
                self.unasked(&message)?;
            } else if message.header.kind == kind.number() {
                return Ok(message.payload);
            } else if message.header.kind == MessageType::Error.number() {
                return Err(refusal(&message.payload));
            } else {
                return self.fail("an answer of another kind than its request");
            }
        }
    }

    /// A message that is not the answer that is waited for.
    fn unasked(&mut self, message: &Message) -> Result<(), StoreError> {
        if message.header.kind == MessageType::WatchEvent.number() {
            return match event(&message.payload) {
                Some((path, token)) => {
                    self.events.push(token, path);
                    Ok(())
                }
                None => self.fail("a watch event without path and token"),
            };
        }
        let given_up = |id: &u32| *id == message.header.req_id;
        match self.abandoned.iter().position(given_up) {
            Some(index) => {
                self.abandoned.swap_remove(index);
                Ok(())
            }
            None => self.fail("an answer to no request"),
        }
    }

    fn abandon<T>(&mut self, id: u32) -> Result<T, StoreError> {
        if self.abandoned.len() >= ABANDONED_MAX {
            return self.fail("too many requests without an answer");
        }
        self.abandoned.push(id);
        Err(StoreError::TimedOut)
    }

    /// Writes bytes into the ring. Half a message can't be taken back: late is broken.
    fn send(&mut self, mut bytes: &[u8], until_ns: u64) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            let (consumer, producer) = (
                self.load(offset_of!(StoreRing, req_cons), Ordering::Acquire),
                // Ours, but the other end can write it too.
                self.load(offset_of!(StoreRing, req_prod), Ordering::Relaxed),
            );
            let used = producer.wrapping_sub(consumer);
            if used > RING_BYTES {
                return self.fail("wild indices of requests");
            }
            let start = producer % RING_BYTES;
            let room = (RING_BYTES - used).min(RING_BYTES - start) as usize;
            if room == 0 {
                if self.platform.now_ns() >= until_ns {
                    return self.fail("it does not read");
                }
                self.sleep(until_ns);
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            let offset = offset_of!(StoreRing, req) + start as usize;
            if self.page.write(offset, now).is_none() {
                return self.fail("wild indices of requests");
            }
            bytes = later;
            let end = producer.wrapping_add(u32::try_from(now.len()).unwrap_or(0));
            self.store(offset_of!(StoreRing, req_prod), end, Ordering::Release);
            self.notify()?;
        }
        Ok(())
    }

    /// Takes a message, if all of it has come.
    fn receive(&mut self) -> Result<Option<Message>, StoreError> {
        loop {
            let wanted = match MessageHeader::read_from_prefix(&self.partial) {
                Ok((header, _)) => {
                    let length = header.len as usize;
                    if length > PAYLOAD_MAX {
                        return self.fail("a message that is too long");
                    }
                    if self.partial.len() == HEADER_BYTES + length {
                        let payload = self.partial.split_off(HEADER_BYTES);
                        self.partial.clear();
                        return Ok(Some(Message { header, payload }));
                    }
                    HEADER_BYTES + length
                }
                Err(_) => HEADER_BYTES,
            };
            if !self.take(wanted - self.partial.len())? {
                return Ok(None);
            }
        }
    }

    /// Takes up to `most` bytes from the ring to the message that is coming in; false where there
    /// are none.
    fn take(&mut self, most: usize) -> Result<bool, StoreError> {
        let (producer, consumer) = (
            self.load(offset_of!(StoreRing, rsp_prod), Ordering::Acquire),
            self.load(offset_of!(StoreRing, rsp_cons), Ordering::Relaxed),
        );
        let ready = producer.wrapping_sub(consumer);
        if ready > RING_BYTES {
            return self.fail("wild indices of answers");
        }
        let start = consumer % RING_BYTES;
        let count = (ready.min(RING_BYTES - start) as usize).min(most);
        if count == 0 {
            return Ok(false);
        }
        let old = self.partial.len();
        self.partial
            .try_reserve(count)
            .map_err(|_| StoreError::OutOfMemory)?;
        self.partial.resize(old + count, 0);
        let into = self.partial.get_mut(old..).unwrap_or_default();
        let offset = offset_of!(StoreRing, rsp) + start as usize;
        if self.page.read(offset, into).is_none() {
            return self.fail("wild indices of answers");
        }
        let end = consumer.wrapping_add(u32::try_from(count).unwrap_or(0));
        // The bytes are read before the store may write over them.
        self.store(offset_of!(StoreRing, rsp_cons), end, Ordering::Release);
        // The store may wait for room.
        self.notify()?;
        Ok(true)
    }

    fn notify(&mut self) -> Result<(), StoreError> {
        fence(Ordering::SeqCst);
        match self.platform.notify(self.port) {
            Ok(()) => Ok(()),
            Err(_) => self.fail("its event channel can't be signalled"),
        }
    }

    fn sleep(&self, until_ns: u64) {
        let slice = self.platform.now_ns().saturating_add(SLICE_NS);
        self.platform.wait(&[self.port], until_ns.min(slice));
    }

    fn usable(&self) -> Result<(), StoreError> {
        match self.broken {
            Some(cause) => Err(StoreError::Broken(cause)),
            None => Ok(()),
        }
    }

    fn fail<T>(&mut self, cause: &'static str) -> Result<T, StoreError> {
        self.broken = Some(cause);
        Err(StoreError::Broken(cause))
    }

    fn load(&self, offset: usize, ordering: Ordering) -> u32 {
        self.page.u32(offset).load(ordering)
    }

    fn store(&self, offset: usize, value: u32, ordering: Ordering) {
        self.page.u32(offset).store(value, ordering);
    }
}

/// What the payload of an error says.
fn refusal(payload: &[u8]) -> StoreError {
    let name = payload.strip_suffix(b"\0").unwrap_or(payload);
    let named = |(_, other): &&(ringwall_abi::Errno, &str)| other.as_bytes() == name;
    match ringwall_abi::Errno::TABLE.iter().find(named) {
        Some((errno, _)) => StoreError::Refused(*errno),
        None => StoreError::BadAnswer,
    }
}

/// Path and token of a watch event.
fn event(payload: &[u8]) -> Option<(String, u32)> {
    let text = core::str::from_utf8(payload).ok()?.strip_suffix('\0')?;
    let (path, token) = text.split_once('\0')?;
    Some((path.into(), token.parse().ok()?))
}
