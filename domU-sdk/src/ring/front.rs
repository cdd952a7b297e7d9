//! The front end's side of a ring.

use core::marker::PhantomData;
use core::mem::offset_of;
use core::num::NonZeroU32;
use core::sync::atomic::{Ordering, fence};

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::io::ring::{RingHeader, entries};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::RingError;
use crate::SharedPage;
use crate::device::{GrantedPage, Platform};

/// Whether the other end wants to be signalled.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// It waits.
    Needed,
    /// It looks by itself.
    NotNeeded,
}

/// What there is to do before sleeping.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A response has come already.
    Ready,
    /// Nothing has come; the other end signals the next response.
    Armed,
}

/// The front end's side of a ring of one page: it writes requests `Q` and reads responses `R`.
///
/// Entries of both lie in the same places, so a request is written only where a response has been
/// taken.
#[derive(Debug)]
pub struct FrontRing<P: Platform, Q, R> {
    page: GrantedPage<P>,
    /// A power of two.
    size: NonZeroU32,
    /// Requests written, published or not. Runs freely.
    produced: u32,
    /// Requests that the other end was told of.
    published: u32,
    /// Responses taken. `produced - consumed` is at most `size`.
    consumed: u32,
    entries: PhantomData<fn(Q) -> R>,
}

impl<P, Q, R> FrontRing<P, Q, R>
where
    P: Platform,
    Q: IntoBytes + Immutable,
    R: FromBytes + IntoBytes,
{
    /// Bytes of an entry.
    const STRIDE: usize = if size_of::<Q>() > size_of::<R>() {
        size_of::<Q>()
    } else {
        size_of::<R>()
    };
    /// Entries of a ring of one page.
    const SIZE: NonZeroU32 = {
        let entries = entries(PAGE_SIZE, Self::STRIDE);
        assert!(entries > 0 && entries < PAGE_SIZE, "an entry must fit");
        #[expect(
            clippy::cast_possible_truncation,
            reason = "less than the size of a page"
        )]
        match NonZeroU32::new(entries as u32) {
            Some(size) => size,
            None => panic!("an entry must fit"),
        }
    };

    /// An empty ring on a page of zeroes that the other end may write.
    #[must_use]
    pub fn new(page: GrantedPage<P>) -> Self {
        let ring = Self {
            page,
            size: Self::SIZE,
            produced: 0,
            published: 0,
            consumed: 0,
            entries: PhantomData,
        };
        // As SHARED_RING_INIT: the first of each is to be signalled.
        ring.store(offset_of!(RingHeader, req_event), 1, Ordering::Relaxed);
        ring.store(offset_of!(RingHeader, rsp_event), 1, Ordering::Relaxed);
        ring
    }

    /// Requests that it holds at most.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size.get()
    }

    /// Requests that can be written now.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.size.get() - self.outstanding()
    }

    /// Requests without a response so far.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.produced.wrapping_sub(self.consumed)
    }

    /// The grant reference of its page.
    #[must_use]
    pub fn reference(&self) -> u32 {
        self.page.reference()
    }

    /// Writes a request, which the other end does not see before [`Self::publish`].
    ///
    /// # Errors
    /// [`RingError::Full`].
    pub fn push(&mut self, request: &Q) -> Result<(), RingError> {
        if self.free() == 0 {
            return Err(RingError::Full);
        }
        let written = self.page().write_value(self.place(self.produced), request);
        debug_assert_eq!(written, Some(()));
        self.produced = self.produced.wrapping_add(1);
        Ok(())
    }

    /// Shows the other end what was written, and says whether to signal it.
    pub fn publish(&mut self) -> Notify {
        let (old, new) = (self.published, self.produced);
        if old == new {
            return Notify::NotNeeded;
        }
        self.published = new;
        // The requests, then the index.
        self.store(offset_of!(RingHeader, req_prod), new, Ordering::Release);
        // The index before the other end's wish: it writes its wish, then looks at the index.
        fence(Ordering::SeqCst);
        let event = self.load(offset_of!(RingHeader, req_event), Ordering::Relaxed);
        // Any value of `event` is harmless: at worst a signal is missing that the other end did
        // not ask for.
        if new.wrapping_sub(event) < new.wrapping_sub(old) {
            Notify::Needed
        } else {
            Notify::NotNeeded
        }
    }

    /// Takes a response, if one has come. It is a copy, whose contents are to be checked.
    ///
    /// # Errors
    /// [`RingError::WildProducer`]: the other end lies, and the ring is of no more use.
    pub fn pop(&mut self) -> Result<Option<R>, RingError> {
        if self.ready()? == 0 {
            return Ok(None);
        }
        let response = self.page().read_value(self.place(self.consumed));
        debug_assert!(response.is_some());
        self.consumed = self.consumed.wrapping_add(1);
        Ok(response)
    }

    /// Asks for a signal at the next response, to be called when [`Self::pop`] has nothing left.
    ///
    /// # Errors
    /// As [`Self::pop`].
    pub fn arm(&mut self) -> Result<Waiting, RingError> {
        let event = self.consumed.wrapping_add(1);
        self.store(offset_of!(RingHeader, rsp_event), event, Ordering::Relaxed);
        // The wish before the look: a response between the two is seen here, or signalled.
        fence(Ordering::SeqCst);
        match self.ready()? {
            0 => Ok(Waiting::Armed),
            _ => Ok(Waiting::Ready),
        }
    }

    /// Responses that have come. At most as many as there are requests out.
    fn ready(&self) -> Result<u32, RingError> {
        // Acquire: the index, then the responses.
        let producer = self.load(offset_of!(RingHeader, rsp_prod), Ordering::Acquire);
        let ready = producer.wrapping_sub(self.consumed);
        // Not `outstanding`: what was not published can't have been answered.
        let outstanding = self.published.wrapping_sub(self.consumed);
        // Memory safety of the users rests on this check. Do not relax it.
        if ready > outstanding {
            return Err(RingError::WildProducer {
                producer,
                consumed: self.consumed,
                outstanding,
            });
        }
        Ok(ready)
    }

    /// Where the entry with this index starts, in bytes.
    fn place(&self, index: u32) -> usize {
        let slot = index & (self.size.get() - 1);
        size_of::<RingHeader>() + slot as usize * Self::STRIDE
    }

    fn load(&self, offset: usize, ordering: Ordering) -> u32 {
        self.page().u32(offset).load(ordering)
    }

    fn store(&self, offset: usize, value: u32, ordering: Ordering) {
        self.page().u32(offset).store(value, ordering);
    }

    fn page(&self) -> &SharedPage {
        self.page.page()
    }
}
