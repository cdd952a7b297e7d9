//! Frames that go.

use ringwall_abi::io::netif::{ExtraInfo, ExtraType, TxFlags, TxRequest, TxResponse};
use zerocopy::{FromZeros, IntoBytes};

use super::{ETHERNET_HEADER, FRAME_MAX, MacAddress, Net, NetError};
use crate::device::Platform;
use crate::ring::Notify;

/// The state of the TCP or UDP checksum of a frame that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksum {
    /// It is there, or the frame has none.
    #[default]
    Complete,
    /// Only the sum of the pseudo-header stands in its place; the back end adds the rest.
    PseudoHeader,
}

impl<P: Platform> Net<P> {
    /// Whether a frame can be sent now.
    ///
    /// # Errors
    /// Why the device is closed.
    pub fn can_send(&mut self) -> Result<bool, NetError> {
        self.collect()?;
        Ok(self.send_pages.any_free() && self.send_ring.free() > 0)
    }

    /// Sends a frame: without waiting, and without word of what became of it, as networks are.
    ///
    /// # Errors
    /// [`NetError::BadLength`], [`NetError::Busy`], or why the device is closed.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), NetError> {
        self.send_with(frame, Checksum::Complete)
    }

    /// Sends a frame whose checksum may be for the back end to complete.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn send_with(&mut self, frame: &[u8], checksum: Checksum) -> Result<(), NetError> {
        let size = match u16::try_from(frame.len()) {
            Ok(size) if (ETHERNET_HEADER..=FRAME_MAX).contains(&frame.len()) => size,
            _ => return Err(NetError::BadLength),
        };
        if !self.can_send()? {
            return Err(NetError::Busy);
        }
        let (id, page) = self.send_pages.lend().ok_or(NetError::Busy)?;
        let copied = page.page().write(0, frame);
        debug_assert_eq!(copied, Some(()));
        let request = TxRequest {
            gref: page.reference(),
            offset: 0,
            flags: match checksum {
                Checksum::Complete => TxFlags::empty(),
                Checksum::PseudoHeader => TxFlags::CSUM_BLANK | TxFlags::DATA_VALIDATED,
            },
            id,
            size,
        };
        self.send_ring.push(&request).map_err(NetError::Ring)?;
        self.publish_sent()
    }

    /// Receives frames to a multicast address: needed where
    /// [`Multicast::Joined`](super::Multicast::Joined) was asked for.
    ///
    /// # Errors
    /// [`NetError::NotSupported`]: the back end sends all multicast frames anyway. Others as
    /// [`Self::send`].
    pub fn join(&mut self, address: MacAddress) -> Result<(), NetError> {
        self.change_multicast(ExtraType::McastAdd, address)
    }

    /// Receives no frames to a multicast address any more.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub fn leave(&mut self, address: MacAddress) -> Result<(), NetError> {
        self.change_multicast(ExtraType::McastDel, address)
    }

    /// A request without data, and the change in the entry behind it.
    fn change_multicast(&mut self, kind: ExtraType, address: MacAddress) -> Result<(), NetError> {
        if !self.has_multicast_control {
            return Err(NetError::NotSupported);
        }
        self.collect()?;
        if self.send_ring.free() < 2 {
            return Err(NetError::Busy);
        }
        let (id, page) = self.send_pages.lend().ok_or(NetError::Busy)?;
        let request = TxRequest {
            gref: page.reference(),
            offset: 0,
            flags: TxFlags::EXTRA_INFO,
            id,
            // The back end looks at the size first, and refuses less than a header.
            size: 64,
        };
        let extra = ExtraInfo {
            kind: kind.number(),
            flags: 0,
            body: address.0,
        };
        let mut entry = TxRequest::new_zeroed();
        if let Some(start) = entry.as_mut_bytes().get_mut(..size_of::<ExtraInfo>()) {
            start.copy_from_slice(extra.as_bytes());
        }
        self.send_ring.push(&request).map_err(NetError::Ring)?;
        self.send_ring.push(&entry).map_err(NetError::Ring)?;
        // The entry gets a response of its own, with status "null" and any identifier.
        self.extras_out += 1;
        self.publish_sent()
    }

    fn publish_sent(&mut self) -> Result<(), NetError> {
        if self.send_ring.publish() == Notify::Needed {
            self.channel.notify()?;
        }
        Ok(())
    }

    /// Takes back the pages of what was sent.
    pub(super) fn collect(&mut self) -> Result<(), NetError> {
        self.usable()?;
        loop {
            match self.send_ring.pop() {
                Ok(None) => return Ok(()),
                Ok(Some(response)) => self.sent(&response)?,
                Err(error) => return Err(self.give_up(NetError::Ring(error))),
            }
        }
    }

    fn sent(&mut self, response: &TxResponse) -> Result<(), NetError> {
        match response.status {
            TxResponse::NULL => {
                return match self.extras_out.checked_sub(1) {
                    Some(left) => {
                        self.extras_out = left;
                        Ok(())
                    }
                    None => {
                        Err(self.give_up(NetError::Lied("no packet in a request that had one")))
                    }
                };
            }
            TxResponse::OKAY => self.statistics.sent += 1,
            TxResponse::ERROR | TxResponse::DROPPED => self.statistics.not_sent += 1,
            _ => return Err(self.give_up(NetError::Lied("a status that does not exist"))),
        }
        match self.send_pages.take_back(response.id) {
            Some(_) => Ok(()),
            None => Err(self.give_up(NetError::Lied("a response to no request"))),
        }
    }
}
