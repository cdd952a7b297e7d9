//! A network as a device of the `smoltcp` stack.

use alloc::vec::Vec;

use smoltcp::phy::{self, Checksum, ChecksumCapabilities, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress};

use super::{ETHERNET_HEADER, FRAME_MAX, Net, NetError};
use crate::device::{Guest, Platform};

/// A [`Net`] that `smoltcp` drives.
///
/// The stack has no way to hear of errors: when the device is closed it sees a network on which
/// nothing comes, and [`Self::error`] says why.
#[derive(Debug)]
pub struct SmoltcpDevice<P: Platform = Guest> {
    net: Net<P>,
    /// The frame that came, then the one that goes.
    received: Vec<u8>,
    sent: Vec<u8>,
    error: Option<NetError>,
}

impl<P: Platform> SmoltcpDevice<P> {
    /// Lets `smoltcp` drive the network, whose
    /// [`Checksums`](super::Checksums) must be `Complete`: the stack checks them.
    #[must_use]
    pub fn new(net: Net<P>) -> Self {
        Self {
            net,
            received: alloc::vec![0; FRAME_MAX],
            sent: alloc::vec![0; FRAME_MAX],
            error: None,
        }
    }

    /// The address for the stack's interface.
    #[must_use]
    pub fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(EthernetAddress(self.net.address().0))
    }

    /// Why the device is closed, if it is.
    #[must_use]
    pub fn error(&self) -> Option<&NetError> {
        self.error.as_ref()
    }

    /// The network.
    pub fn net(&mut self) -> &mut Net<P> {
        &mut self.net
    }
}

impl<P: Platform> phy::Device for SmoltcpDevice<P> {
    type RxToken<'a>
        = ReceiveToken<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = SendToken<'a, P>
    where
        Self: 'a;

    fn receive(&mut self, _now: Instant) -> Option<(ReceiveToken<'_>, SendToken<'_, P>)> {
        // The stack may answer at once, for which there must be room.
        let came = match self.net.can_send() {
            Ok(true) => self.net.receive(&mut self.received),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        let frame = match came {
            Ok(frame) => frame?,
            Err(error) => {
                self.error = Some(error);
                return None;
            }
        };
        Some((
            ReceiveToken(self.received.get(..frame.length)?),
            SendToken {
                net: &mut self.net,
                buffer: &mut self.sent,
                error: &mut self.error,
            },
        ))
    }

    fn transmit(&mut self, _now: Instant) -> Option<SendToken<'_, P>> {
        match self.net.can_send() {
            Ok(true) => Some(SendToken {
                net: &mut self.net,
                buffer: &mut self.sent,
                error: &mut self.error,
            }),
            Ok(false) => None,
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.net.mtu() + ETHERNET_HEADER;
        // The stack computes and checks all.
        let mut checksum = ChecksumCapabilities::default();
        checksum.ipv4 = Checksum::Both;
        checksum.tcp = Checksum::Both;
        checksum.udp = Checksum::Both;
        capabilities.checksum = checksum;
        capabilities
    }
}

/// A frame that came.
#[derive(Debug)]
pub struct ReceiveToken<'a>(&'a [u8]);

impl phy::RxToken for ReceiveToken<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, act: F) -> R {
        act(self.0)
    }
}

/// Room for a frame that goes.
#[derive(Debug)]
pub struct SendToken<'a, P: Platform> {
    net: &'a mut Net<P>,
    buffer: &'a mut Vec<u8>,
    error: &'a mut Option<NetError>,
}

impl<P: Platform> phy::TxToken for SendToken<'_, P> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, act: F) -> R {
        // The stack keeps to the MTU, so that this is never longer than a frame can be.
        self.buffer.resize(length, 0);
        let result = act(self.buffer);
        match self.net.send(self.buffer) {
            // What can't be sent is lost, as on any network.
            Ok(()) | Err(NetError::Busy | NetError::BadLength) => {}
            Err(error) => *self.error = Some(error),
        }
        result
    }
}
