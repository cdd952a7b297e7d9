//! Frames that come.

use ringwall_abi::io::netif::{RxFlags, RxRequest, RxResponse};

use super::{ETHERNET_HEADER, FRAME_MAX, Net, NetError};
use crate::device::Platform;
use crate::ring::Notify;

/// What is known of the TCP or UDP checksum of a frame that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing: it is to be checked.
    No,
    /// It is right.
    Right,
    /// The data are right, and the checksum is not computed: only the sum of the pseudo-header
    /// stands in its place. With [`Checksums::Offloaded`](super::Checksums::Offloaded) alone.
    Blank,
}

/// A frame that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes.
    pub length: usize,
    /// Its checksum.
    pub checked: Checked,
}

/// Where the front end stands in a frame of several parts, which it throws away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The next entry starts a frame.
    #[default]
    First,
    /// The next entry is a further part.
    Further,
}

impl<P: Platform> Net<P> {
    /// Takes a frame, if one has come: copied to `into`, which has room for [`FRAME_MAX`] bytes.
    /// What is longer than `into` is thrown away.
    ///
    /// # Errors
    /// Why the device is closed.
    pub fn receive(&mut self, into: &mut [u8]) -> Result<Option<Frame>, NetError> {
        self.usable()?;
        loop {
            let response = match self.receive_ring.pop() {
                Ok(Some(response)) => response,
                Ok(None) => {
                    self.refill()?;
                    return Ok(None);
                }
                Err(error) => return Err(self.give_up(NetError::Ring(error))),
            };
            match self.received(&response, into) {
                Ok(Some(frame)) => {
                    self.statistics.received += 1;
                    self.refill()?;
                    return Ok(Some(frame));
                }
                Ok(None) => self.statistics.not_received += 1,
                Err(how) => return Err(self.give_up(NetError::Lied(how))),
            }
        }
    }

    /// One entry; the error is what is wrong with it.
    fn received(
        &mut self,
        response: &RxResponse,
        into: &mut [u8],
    ) -> Result<Option<Frame>, &'static str> {
        // Its request's identifier would have to be guessed: no feature was asked for that has them.
        if response.flags.contains(RxFlags::EXTRA_INFO) {
            return Err("more about a frame, which was not asked for");
        }
        let page = self
            .receive_pages
            .take_back(response.id)
            .ok_or("a response to no request")?;
        let first = self.part == Part::First;
        let more = response.flags.contains(RxFlags::MORE_DATA);
        self.part = if more { Part::Further } else { Part::First };
        // Negative: the back end could not copy it.
        let Ok(length) = usize::try_from(response.status) else {
            return Ok(None);
        };
        let offset = usize::from(response.offset);
        if offset + length > FRAME_MAX {
            return Err("a frame beyond its page");
        }
        // Frames of several parts were not asked for.
        if !first || more || length < ETHERNET_HEADER {
            return Ok(None);
        }
        let Some(into) = into.get_mut(..length) else {
            return Ok(None);
        };
        page.page()
            .read(offset, into)
            .ok_or("a frame beyond its page")?;
        let checked = if response.flags.contains(RxFlags::CSUM_BLANK) {
            Checked::Blank
        } else if response.flags.contains(RxFlags::DATA_VALIDATED) {
            Checked::Right
        } else {
            Checked::No
        };
        Ok(Some(Frame { length, checked }))
    }

    /// Gives all free pages to the back end.
    pub(super) fn refill(&mut self) -> Result<(), NetError> {
        while self.receive_ring.free() > 0 {
            let Some((id, page)) = self.receive_pages.lend() else {
                break;
            };
            let request = RxRequest {
                id,
                gref: page.reference(),
                ..RxRequest::default()
            };
            self.receive_ring.push(&request).map_err(NetError::Ring)?;
        }
        if self.receive_ring.publish() == Notify::Needed {
            self.channel.notify()?;
        }
        Ok(())
    }
}
