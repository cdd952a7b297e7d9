//! A disk: from its directory in the store to its end.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ringwall_abi::io::blkif::{BlockRequest, BlockResponse};
use ringwall_abi::io::xenbus::DeviceState;

use super::pool::Pool;
use super::requests::Requests;
use super::{BlockError, Geometry, Token};
use crate::device::{Access, Channel, GrantedPage, Guest, Platform};
use crate::ring::{FrontRing, Waiting};
use crate::xenbus::{Device, Store};

/// Pages that data are copied through: enough for five of the largest requests.
const POOL_PAGES: usize = 64;
/// For how long a request may take, in nanoseconds.
const REQUEST_NS: u64 = 60_000_000_000;
/// How long to sleep at most before looking whether the back end is still there, in nanoseconds.
const SLICE_NS: u64 = 1_000_000_000;
/// The class of disks in the store.
const CLASS: &str = "vbd";

/// A disk.
///
/// All offsets and lengths are in bytes, and whole sectors ([`Geometry::sector_bytes`]).
#[derive(Debug)]
pub struct Block<P: Platform = Guest> {
    pub(super) requests: Requests,
    pub(super) channel: Channel<P>,
    pub(super) ring: FrontRing<P, BlockRequest, BlockResponse>,
    pub(super) pool: Pool<P>,
    pub(super) geometry: Geometry,
    pub(super) handle: u16,
    device: Device<P>,
    /// Why it is closed, if it is.
    closed: Option<BlockError>,
}

impl<P: Platform> Block<P> {
    /// The numbers of the domain's disks.
    ///
    /// # Errors
    /// The store's.
    pub fn list(store: &Store<P>) -> Result<Vec<u32>, BlockError> {
        Device::list(store, CLASS).map_err(|error| BlockError::Device(error.into()))
    }

    /// Connects to the disk of this number.
    ///
    /// # Errors
    /// [`BlockError::Device`]: there is none, or the back end does not connect;
    /// [`BlockError::NoResources`].
    pub fn connect(store: &Store<P>, id: u32) -> Result<Self, BlockError> {
        let mut device = Device::open(store, CLASS, id)?;
        match Self::set_up(&mut device, id) {
            Ok(parts) => Ok(parts.with(device)),
            Err(error) => {
                // Best effort: the error is what the caller gets.
                let _ = device.report(&error.to_string());
                let _ = device.set_state(DeviceState::Closed);
                Err(error)
            }
        }
    }

    fn set_up(device: &mut Device<P>, id: u32) -> Result<Parts<P>, BlockError> {
        device.begin()?;
        let platform = device.store().platform().clone();
        let domain = device.backend_domain();
        let ring = FrontRing::new(GrantedPage::new(&platform, domain, Access::ReadWrite)?);
        let channel = Channel::open(&platform, domain)?;
        let pool = Pool::new(&platform, domain, POOL_PAGES)?;
        device.publish(
            &[
                ("ring-ref", ring.reference().to_string()),
                ("event-channel", channel.port().to_string()),
                ("protocol", String::from("x86_64-abi")),
                // The pages stay the same, so the back end may keep them mapped.
                ("feature-persistent", String::from("1")),
            ],
            DeviceState::Initialised,
        )?;
        device.wait_for(DeviceState::Connected)?;
        let geometry = Geometry::read(device)?;
        device.set_state(DeviceState::Connected)?;
        // The number's lower half, as in the back end's protocol; it takes no notice of it.
        let handle = u16::try_from(id & 0xffff).unwrap_or(0);
        Ok(Parts {
            ring,
            channel,
            pool,
            geometry,
            handle,
        })
    }

    /// What the disk is.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// [`BlockError::NotSupported`]: the disk has no cache that it could flush. Others as
    /// [`Self::write`].
    pub fn flush(&mut self) -> Result<(), BlockError> {
        let token = self.retry(Self::submit_flush)?;
        self.wait(token, &mut [])
    }

    /// Lets the disk forget `length` bytes at `offset`.
    ///
    /// # Errors
    /// [`BlockError::NotSupported`]. Others as [`Self::write`].
    pub fn discard(&mut self, offset: u64, length: u64) -> Result<(), BlockError> {
        let token = self.retry(|block| block.submit_discard(offset, length))?;
        self.wait(token, &mut [])
    }

    /// Closes the disk and waits until the back end has let go of it.
    ///
    /// # Errors
    /// The store's; [`BlockError::TimedOut`]: what the back end still has mapped stays lost.
    pub fn close(mut self) -> Result<(), BlockError> {
        let result = self.device.close().map_err(BlockError::Device);
        self.closed.get_or_insert(BlockError::Closed);
        result
    }

    /// Takes in what the back end answered.
    ///
    /// # Errors
    /// Why the device is closed.
    pub fn poll(&mut self) -> Result<(), BlockError> {
        loop {
            if let Some(error) = &self.closed {
                return Err(error.clone());
            }
            match self.ring.pop() {
                Ok(None) => return Ok(()),
                Ok(Some(response)) => match self.requests.answered(&response) {
                    Ok(None) => {}
                    Ok(Some(forgotten)) => self.pool.give_back(forgotten.lease),
                    Err(how) => return Err(self.give_up(BlockError::Lied(how))),
                },
                Err(error) => return Err(self.give_up(BlockError::Ring(error))),
            }
        }
    }

    /// Waits until something may have changed, or the platform's time is `until_ns`.
    ///
    /// # Errors
    /// Why the device is closed.
    pub fn sleep(&mut self, until_ns: u64) -> Result<(), BlockError> {
        match self.ring.arm() {
            Ok(Waiting::Ready) => return Ok(()),
            Ok(Waiting::Armed) => {}
            Err(error) => return Err(self.give_up(BlockError::Ring(error))),
        }
        match self.device.backend_state() {
            Ok(DeviceState::Connected) => {}
            Ok(_) => return Err(self.give_up(BlockError::Closed)),
            Err(error) => return Err(self.give_up(BlockError::Device(error))),
        }
        let store = self.device.store();
        let platform = store.platform();
        let slice = platform.now_ns().saturating_add(SLICE_NS);
        platform.wait(&[self.channel.port(), store.port()], until_ns.min(slice));
        Ok(())
    }

    /// Waits for a request.
    pub(super) fn wait(&mut self, token: Token, into: &mut [u8]) -> Result<(), BlockError> {
        let until_ns = self.deadline();
        loop {
            if let Some(()) = self.finish(token, into)? {
                return Ok(());
            }
            if self.now_ns() >= until_ns {
                self.forget(token);
                return Err(BlockError::TimedOut);
            }
            self.sleep(until_ns)?;
        }
    }

    /// Waits for some response, whoever's it is.
    pub(super) fn wait_for_room(&mut self) -> Result<(), BlockError> {
        let until_ns = self.deadline();
        let before = self.ring.outstanding();
        loop {
            self.poll()?;
            if before == 0 || self.now_ns() >= until_ns {
                // Results that nobody takes use up the room.
                return Err(BlockError::Busy);
            }
            if self.ring.outstanding() < before {
                return Ok(());
            }
            self.sleep(until_ns)?;
        }
    }

    /// Submits as soon as there is room.
    fn retry(
        &mut self,
        mut submit: impl FnMut(&mut Self) -> Result<Token, BlockError>,
    ) -> Result<Token, BlockError> {
        loop {
            match submit(self) {
                Err(BlockError::Busy) => self.wait_for_room()?,
                result => return result,
            }
        }
    }

    /// Closes the device for what the back end did, and says so where the toolstack finds it.
    fn give_up(&mut self, error: BlockError) -> BlockError {
        if self.closed.is_none() {
            self.closed = Some(error.clone());
            let _ = self.device.report(&error.to_string());
            let _ = self.device.set_state(DeviceState::Closing);
        }
        error
    }

    fn deadline(&self) -> u64 {
        self.now_ns().saturating_add(REQUEST_NS)
    }

    fn now_ns(&self) -> u64 {
        self.device.store().platform().now_ns()
    }
}

impl<P: Platform> Drop for Block<P> {
    fn drop(&mut self) {
        match self.closed {
            Some(_) => drop(self.device.set_state(DeviceState::Closed)),
            None => drop(self.device.close()),
        }
    }
}

/// A disk without its directory.
struct Parts<P: Platform> {
    ring: FrontRing<P, BlockRequest, BlockResponse>,
    channel: Channel<P>,
    pool: Pool<P>,
    geometry: Geometry,
    handle: u16,
}

impl<P: Platform> Parts<P> {
    fn with(self, device: Device<P>) -> Block<P> {
        Block {
            requests: Requests::new(self.ring.size() as usize),
            channel: self.channel,
            ring: self.ring,
            pool: self.pool,
            geometry: self.geometry,
            handle: self.handle,
            device,
            closed: None,
        }
    }
}
