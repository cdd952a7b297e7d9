//! A network: from its directory in the store to its end.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ringwall_abi::io::netif::{RxRequest, RxResponse, TxRequest, TxResponse};
use ringwall_abi::io::xenbus::DeviceState;

use super::buffers::Buffers;
use super::receive::Part;
use super::{Checksums, ETHERNET_HEADER, FRAME_MAX, MacAddress, Multicast, NetError, NetOptions};
use crate::device::{Access, Channel, GrantedPage, Guest, Platform};
use crate::ring::{FrontRing, Waiting};
use crate::xenbus::{Device, DeviceError, Store};

/// How long to sleep at most before looking whether the back end is still there, in nanoseconds.
const SLICE_NS: u64 = 1_000_000_000;
/// The class of networks in the store.
const CLASS: &str = "vif";
/// Bytes that a frame carries where the store says nothing.
const DEFAULT_MTU: usize = 1500;

/// What went through a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that the back end took.
    pub sent: u64,
    /// Frames that it did not take.
    pub not_sent: u64,
    /// Frames that came.
    pub received: u64,
    /// Frames that came broken, or too long, and were thrown away.
    pub not_received: u64,
}

/// A network interface.
#[derive(Debug)]
pub struct Net<P: Platform = Guest> {
    pub(super) channel: Channel<P>,
    pub(super) send_ring: FrontRing<P, TxRequest, TxResponse>,
    pub(super) receive_ring: FrontRing<P, RxRequest, RxResponse>,
    pub(super) send_pages: Buffers<P>,
    pub(super) receive_pages: Buffers<P>,
    pub(super) statistics: Statistics,
    /// Entries without a page of their own, whose responses are to come.
    pub(super) extras_out: u32,
    pub(super) has_multicast_control: bool,
    pub(super) part: Part,
    address: MacAddress,
    mtu: usize,
    device: Device<P>,
    /// Why it is closed, if it is.
    closed: Option<NetError>,
}

impl<P: Platform> Net<P> {
    /// The numbers of the domain's networks.
    ///
    /// # Errors
    /// The store's.
    pub fn list(store: &Store<P>) -> Result<Vec<u32>, NetError> {
        Device::list(store, CLASS).map_err(|error| NetError::Device(error.into()))
    }

    /// Connects to the network of this number.
    ///
    /// # Errors
    /// [`NetError::Device`]: there is none, or the back end does not connect;
    /// [`NetError::NotSupported`]: it can't copy what it receives; [`NetError::NoResources`].
    pub fn connect(store: &Store<P>, id: u32, options: NetOptions) -> Result<Self, NetError> {
        let mut device = Device::open(store, CLASS, id)?;
        match Parts::set_up(&mut device, options) {
            Ok(parts) => parts.with(device),
            Err(error) => {
                // Best effort: the error is what the caller gets.
                let _ = device.report(&error.to_string());
                let _ = device.set_state(DeviceState::Closed);
                Err(error)
            }
        }
    }

    /// The interface's own address.
    #[must_use]
    pub fn address(&self) -> MacAddress {
        self.address
    }

    /// Bytes that a frame carries behind its header, at most.
    #[must_use]
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// What went through.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Whether the back end says that the link is up. It is where it says nothing.
    ///
    /// # Errors
    /// The store's.
    pub fn link_is_up(&self) -> Result<bool, NetError> {
        Ok(self.device.backend_value("carrier")?.unwrap_or(1_u32) != 0)
    }

    /// Waits until something may have come, or gone, or the platform's time is `until_ns`.
    ///
    /// # Errors
    /// Why the device is closed.
    pub fn sleep(&mut self, until_ns: u64) -> Result<(), NetError> {
        self.usable()?;
        for waiting in [self.receive_ring.arm(), self.send_ring.arm()] {
            match waiting {
                Ok(Waiting::Ready) => return Ok(()),
                Ok(Waiting::Armed) => {}
                Err(error) => return Err(self.give_up(NetError::Ring(error))),
            }
        }
        match self.device.backend_state() {
            Ok(DeviceState::Connected) => {}
            Ok(_) => return Err(self.give_up(NetError::Closed)),
            Err(error) => return Err(self.give_up(NetError::Device(error))),
        }
        let store = self.device.store();
        let platform = store.platform();
        let slice = platform.now_ns().saturating_add(SLICE_NS);
        platform.wait(&[self.channel.port(), store.port()], until_ns.min(slice));
        Ok(())
    }

    /// Closes the network and waits until the back end has let go of it.
    ///
    /// # Errors
    /// The store's; [`DeviceError::TimedOut`]: what the back end still has mapped stays lost.
    pub fn close(mut self) -> Result<(), NetError> {
        let result = self.device.close().map_err(NetError::Device);
        self.closed.get_or_insert(NetError::Closed);
        result
    }

    pub(super) fn usable(&self) -> Result<(), NetError> {
        match &self.closed {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    /// Closes the device for what the back end did, and says so where the toolstack finds it.
    pub(super) fn give_up(&mut self, error: NetError) -> NetError {
        if self.closed.is_none() {
            self.closed = Some(error.clone());
            let _ = self.device.report(&error.to_string());
            let _ = self.device.set_state(DeviceState::Closing);
        }
        error
    }
}

impl<P: Platform> Drop for Net<P> {
    fn drop(&mut self) {
        match self.closed {
            Some(_) => drop(self.device.set_state(DeviceState::Closed)),
            None => drop(self.device.close()),
        }
    }
}

/// A network without its directory.
struct Parts<P: Platform> {
    channel: Channel<P>,
    send_ring: FrontRing<P, TxRequest, TxResponse>,
    receive_ring: FrontRing<P, RxRequest, RxResponse>,
    send_pages: Buffers<P>,
    receive_pages: Buffers<P>,
    has_multicast_control: bool,
    address: MacAddress,
    mtu: usize,
}

impl<P: Platform> Parts<P> {
    fn set_up(device: &mut Device<P>, options: NetOptions) -> Result<Self, NetError> {
        device.begin()?;
        let address = device
            .value("mac")?
            .ok_or_else(|| DeviceError::BadNode(String::from("mac")))?;
        let mtu = device.value("mtu")?.unwrap_or(DEFAULT_MTU);
        if !device.backend_has("feature-rx-copy")? {
            return Err(NetError::NotSupported);
        }
        let platform = device.store().platform().clone();
        let domain = device.backend_domain();
        let page = || GrantedPage::new(&platform, domain, Access::ReadWrite);
        let send_ring = FrontRing::new(page()?);
        let receive_ring = FrontRing::new(page()?);
        let channel = Channel::open(&platform, domain)?;
        let pages =
            |access, count: u16| Buffers::new(&platform, domain, access, count.clamp(1, 256));
        let send_pages = pages(Access::ReadOnly, options.send_pages)?;
        let receive_pages = pages(Access::ReadWrite, options.receive_pages)?;
        let has_multicast_control = device.backend_has("feature-multicast-control")?
            && options.multicast == Multicast::Joined;
        let flag = |set: bool| String::from(if set { "1" } else { "0" });
        device.publish(
            &[
                ("tx-ring-ref", send_ring.reference().to_string()),
                ("rx-ring-ref", receive_ring.reference().to_string()),
                ("event-channel", channel.port().to_string()),
                ("request-rx-copy", flag(true)),
                ("feature-rx-notify", flag(true)),
                (
                    "feature-no-csum-offload",
                    flag(options.checksums == Checksums::Complete),
                ),
                ("request-multicast-control", flag(has_multicast_control)),
            ],
            DeviceState::Connected,
        )?;
        device.wait_for(DeviceState::Connected)?;
        Ok(Self {
            channel,
            send_ring,
            receive_ring,
            send_pages,
            receive_pages,
            has_multicast_control,
            address,
            mtu: mtu.clamp(68, FRAME_MAX - ETHERNET_HEADER),
        })
    }

    fn with(self, device: Device<P>) -> Result<Net<P>, NetError> {
        let mut net = Net {
            channel: self.channel,
            send_ring: self.send_ring,
            receive_ring: self.receive_ring,
            send_pages: self.send_pages,
            receive_pages: self.receive_pages,
            statistics: Statistics::default(),
            extras_out: 0,
            has_multicast_control: self.has_multicast_control,
            part: Part::default(),
            address: self.address,
            mtu: self.mtu,
            device,
            closed: None,
        };
        net.refill()?;
        Ok(net)
    }
}
