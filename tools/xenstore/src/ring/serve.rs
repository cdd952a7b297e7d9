//! Moving bytes between a domain's page and the state.

use ringwall_abi::DomainId;
use ringwall_abi::io::xs_wire::StoreRing;

use super::page::{RingPage, offset};
use crate::engine::{Effects, Engine, Fault, Indices, Record, next_piece};

/// What the server can do more than the first ones: reconnect, and tell of errors.
const FEATURES: u32 = 0b11;
/// In the page: the domain wants to start anew.
const RECONNECT: u32 = 1;
/// Requests of a domain in one turn, so that others get theirs.
const TURN: usize = 16;

/// What the state needs while a ring is served: a machine to reach, and a place to keep records.
pub(crate) trait Keeper: Effects {
    /// Keeps a record of a ring's own, with all that led to it, before anybody learns of it.
    fn keep(&mut self, engine: &mut Engine, record: &Record<'_>);
}

/// A domain's ring, mapped.
pub(crate) struct Ring {
    domain: DomainId,
    page: Box<dyn RingPage>,
    /// How many bytes of what goes out have gone.
    sent: usize,
    /// Whether the log has been told that it broke: a domain can break it, and start anew, without end.
    has_broken: bool,
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The domain has to be told: there is something for it, or room.
    pub(crate) notify: bool,
    /// There was more to do than a turn allows.
    pub(crate) more: bool,
}

impl Ring {
    /// A ring that was just mapped.
    pub(crate) fn new(domain: DomainId, page: Box<dyn RingPage>) -> Self {
        page.store(offset::FEATURES, FEATURES);
        Self {
            domain,
            page,
            sent: 0,
            has_broken: false,
        }
    }

    /// Where it stands.
    pub(crate) fn indices(&self) -> Indices {
        Indices {
            taken: self.page.load(offset::REQ_CONS),
            sent: self.page.load(offset::RSP_PROD),
        }
    }

    /// Goes on where the server stood when it last had this ring: what was taken is known, and what was sent
    /// stands in the page.
    pub(crate) fn resume(&mut self, engine: &mut Engine, keeper: &mut dyn Keeper) {
        if self.page.load(offset::CONNECTION) == RECONNECT {
            // Its indices mean nothing, and are zeroed on its turn.
            return;
        }
        let Some(stream) = engine.stream(self.domain) else {
            return;
        };
        if let Some(fault) = stream.fault() {
            self.page.store(offset::ERROR, fault as u32);
            return;
        }
        let (batch, start) = stream.batch();
        let sent = self.page.load(offset::RSP_PROD).wrapping_sub(start);
        match usize::try_from(sent) {
            Ok(sent) if sent <= batch.len() => {
                self.sent = sent;
                self.page.store(offset::REQ_CONS, stream.taken());
            }
            _ => self.give_up(Fault::Indices, engine, keeper),
        }
    }

    /// Moves what there is to move.
    pub(crate) fn serve(&mut self, engine: &mut Engine, keeper: &mut dyn Keeper) -> Progress {
        let mut progress = Progress::default();
        if self.page.load(offset::CONNECTION) == RECONNECT {
            self.reset(engine, keeper);
            progress.notify = true;
        }
        let moved = self.exchange(engine, keeper, &mut progress);
        if let Err(fault) = moved {
            self.give_up(fault, engine, keeper);
            progress = Progress {
                notify: true,
                more: false,
            };
        }
        progress
    }

    fn exchange(
        &mut self,
        engine: &mut Engine,
        keeper: &mut dyn Keeper,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        for _ in 0..TURN {
            progress.notify |= self.send(engine, keeper)?;
            if !self.receive(engine, keeper)? {
                return Ok(());
            }
            progress.notify = true;
        }
        progress.notify |= self.send(engine, keeper)?;
        progress.more = true;
        Ok(())
    }

    /// Puts into the ring what fits; whether there was anything.
    fn send(&mut self, engine: &mut Engine, keeper: &mut dyn Keeper) -> Result<bool, Fault> {
        let mut moved = false;
        loop {
            let Some(stream) = engine.stream(self.domain) else {
                return Ok(moved);
            };
            if stream.fault().is_some() {
                return Ok(moved);
            }
            let (batch, start) = stream.batch();
            let rest = batch.get(self.sent..).unwrap_or_default();
            if rest.is_empty() {
                let messages = engine.next_batch(self.domain);
                self.sent = 0;
                if messages == 0 {
                    return Ok(moved);
                }
                keeper.keep(
                    engine,
                    &Record::Batch {
                        domain: self.domain,
                        messages,
                    },
                );
                continue;
            }
            let sent = u32::try_from(self.sent).map_err(|_| Fault::Indices)?;
            let produced = start.wrapping_add(sent);
            let waiting = distance(self.page.load(offset::RSP_CONS), produced)?;
            let piece = rest
                .get(..rest.len().min(StoreRing::SIZE.saturating_sub(waiting)))
                .unwrap_or(rest);
            if piece.is_empty() {
                return Ok(moved);
            }
            self.copy_in(produced, piece);
            let length = piece.len();
            self.sent = self.sent.saturating_add(length);
            let length = u32::try_from(length).map_err(|_| Fault::Indices)?;
            self.page
                .store(offset::RSP_PROD, produced.wrapping_add(length));
            moved = true;
        }
    }

    /// Takes the next request, or a part of one that is longer than the ring; whether there was one.
    fn receive(&mut self, engine: &mut Engine, keeper: &mut dyn Keeper) -> Result<bool, Fault> {
        let id = crate::engine::ConnectionId::Domain(self.domain);
        let Some(stream) = engine.stream(self.domain) else {
            return Ok(false);
        };
        if stream.fault().is_some() || engine.answers(id) >= engine.quota().outstanding {
            return Ok(false);
        }
        let taken = stream.taken();
        let length = distance(taken, self.page.load(offset::REQ_PROD))?;
        let mut buffer = [0; StoreRing::SIZE];
        let available = buffer.get_mut(..length).ok_or(Fault::Indices)?;
        self.copy_out(taken, available);
        let size = next_piece(stream.partial(), available)?;
        let piece = match available.get(..size) {
            Some([]) | None => return Ok(false),
            Some(piece) => piece,
        };
        engine.feed(self.domain, piece, keeper);
        keeper.keep(
            engine,
            &Record::Input {
                domain: self.domain,
                bytes: piece.into(),
            },
        );
        if let Some(stream) = engine.stream(self.domain) {
            if let Some(fault) = stream.fault() {
                return Err(fault);
            }
            self.page.store(offset::REQ_CONS, stream.taken());
        }
        Ok(true)
    }

    fn reset(&mut self, engine: &mut Engine, keeper: &mut dyn Keeper) {
        for index in [
            offset::REQ_CONS,
            offset::REQ_PROD,
            offset::RSP_CONS,
            offset::RSP_PROD,
            offset::ERROR,
        ] {
            self.page.store(index, 0);
        }
        engine.reset_ring(self.domain, Indices::default());
        self.sent = 0;
        keeper.keep(engine, &Record::Reset(self.domain));
        self.page.store(offset::CONNECTION, 0);
    }

    fn give_up(&mut self, fault: Fault, engine: &mut Engine, keeper: &mut dyn Keeper) {
        let is_news = engine
            .stream(self.domain)
            .is_some_and(|stream| stream.fault().is_none());
        if is_news {
            engine.break_ring(self.domain, fault);
            keeper.keep(
                engine,
                &Record::Break {
                    domain: self.domain,
                    fault,
                },
            );
        }
        if !self.has_broken {
            self.has_broken = true;
            let domain = self.domain;
            log::warn!("{domain}: its ring is not served until it starts anew: {fault:?}");
        }
        self.page.store(offset::ERROR, fault as u32);
    }

    /// Copies to the responses at an index, around the end.
    fn copy_in(&self, index: u32, bytes: &[u8]) {
        let at = place(index);
        let (first, second) = bytes.split_at(bytes.len().min(StoreRing::SIZE.saturating_sub(at)));
        self.page.write(offset::RESPONSES.saturating_add(at), first);
        self.page.write(offset::RESPONSES, second);
    }

    /// Copies from the requests at an index, around the end.
    fn copy_out(&self, index: u32, into: &mut [u8]) {
        let at = place(index);
        let (first, second) = into.split_at_mut(into.len().min(StoreRing::SIZE.saturating_sub(at)));
        self.page.read(offset::REQUESTS.saturating_add(at), first);
        self.page.read(offset::REQUESTS, second);
    }
}

/// How many bytes lie between two indices.
fn distance(consumed: u32, produced: u32) -> Result<usize, Fault> {
    let bytes = usize::try_from(produced.wrapping_sub(consumed)).map_err(|_| Fault::Indices)?;
    if bytes > StoreRing::SIZE {
        Err(Fault::Indices)
    } else {
        Ok(bytes)
    }
}

/// Where an index lies in its ring.
fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(0) % StoreRing::SIZE
}
