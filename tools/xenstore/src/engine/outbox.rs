//! What a client is to be sent: answers, and events of watches.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};

/// Events that may wait for a client. From there on each watch has one more alone, which names no node but the
/// one that is watched.
const EVENTS_MAX: usize = 1024;
/// The same in bytes of all messages.
const BYTES_MAX: usize = 256 << 10;
/// Buffers that are kept for later messages.
const SPARE_MAX: usize = 4;

/// Messages that wait for their client to take them.
///
/// A client that takes none costs bounded memory: its requests are not read while answers wait, events that wait
/// already are not queued again, and the number of different ones is limited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Message>,
    bytes: usize,
    answers: usize,
    /// The events in the queue.
    events: HashSet<Vec<u8>>,
    spare: Vec<Vec<u8>>,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    bytes: Vec<u8>,
    is_event: bool,
}

impl Outbox {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many answers wait.
    pub(crate) const fn answers(&self) -> usize {
        self.answers
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether the next event should say as little as it can.
    pub(super) fn is_crowded(&self) -> bool {
        self.events.len() >= EVENTS_MAX || self.bytes >= BYTES_MAX
    }

    /// An empty buffer for an answer.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Queues an answer before the messages from the place `at` on: those are events that it caused.
    pub(super) fn push_answer(&mut self, at: usize, bytes: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.answers = self.answers.saturating_add(1);
        let message = Message {
            bytes,
            is_event: false,
        };
        if at < self.queue.len() {
            self.queue.insert(at, message);
        } else {
            self.queue.push_back(message);
        }
    }

    /// Queues an event, unless the same one waits already.
    pub(super) fn push_event(&mut self, bytes: Vec<u8>) {
        if self.events.contains(&bytes) {
            return;
        }
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.events.insert(bytes.clone());
        self.queue.push_back(Message {
            bytes,
            is_event: true,
        });
    }

    /// Appends the first message to `into`; false if there is none.
    pub(super) fn pop(&mut self, into: &mut Vec<u8>) -> bool {
        let Some(message) = self.queue.pop_front() else {
            return false;
        };
        self.bytes = self.bytes.saturating_sub(message.bytes.len());
        into.extend_from_slice(&message.bytes);
        if message.is_event {
            self.events.remove(&message.bytes);
        } else {
            self.answers = self.answers.saturating_sub(1);
        }
        if self.spare.len() < SPARE_MAX {
            let mut buffer = message.bytes;
            buffer.clear();
            self.spare.push(buffer);
        }
        true
    }

    /// Forgets all that waits.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The messages, in their order.
    pub(super) fn messages(&self) -> Vec<Message> {
        self.queue.iter().cloned().collect()
    }

    /// An outbox with these messages.
    pub(super) fn with(messages: Vec<Message>) -> Self {
        let mut outbox = Self::default();
        for message in messages {
            if message.is_event {
                outbox.push_event(message.bytes);
            } else {
                outbox.push_answer(usize::MAX, message.bytes);
            }
        }
        outbox
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(outbox: &mut Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        while outbox.pop(&mut all) {}
        all
    }

    #[test]
    fn an_answer_comes_before_the_events_that_it_caused() {
        let mut outbox = Outbox::default();
        outbox.push_event(b"1".to_vec());
        let at = outbox.len();
        outbox.push_event(b"3".to_vec());
        outbox.push_answer(at, b"2".to_vec());
        assert_eq!(drain(&mut outbox), b"123");
        assert!(outbox.is_empty() && outbox.answers() == 0);
    }

    #[test]
    fn an_event_waits_once() {
        let mut outbox = Outbox::default();
        for event in [b"a", b"b", b"a", b"b"] {
            outbox.push_event(event.to_vec());
        }
        assert_eq!(drain(&mut outbox), b"ab");
        outbox.push_event(b"a".to_vec());
        assert_eq!(drain(&mut outbox), b"a");
    }
}
