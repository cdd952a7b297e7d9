//! Where a domain's channels lie.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ringwall_abi::Port;
use spin::Once;

use super::Error;
use super::channel::Channel;

/// Ports of the 2-level ABI for 64-bit guests (`EVTCHN_2L_NR_CHANNELS`); port 0 is never valid.
pub const PORTS: u32 = 4096;

const BUCKET: usize = 64;
const BUCKETS: usize = PORTS as usize / BUCKET;

/// Channels in buckets, which come when they are first needed and stay: what was a valid port
/// to one look is so to the next.
#[derive(Debug)]
pub(super) struct Table {
    buckets: [Once<Box<[Channel]>>; BUCKETS],
}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            buckets: [const { Once::new() }; BUCKETS],
        }
    }

    pub(super) fn get(&self, port: Port) -> Option<&Channel> {
        let (bucket, index) = place(port)?;
        self.buckets.get(bucket)?.get()?.get(index)
    }

    /// As [`Self::get`], with memory where there was none.
    pub(super) fn get_or_allocate(&self, port: Port) -> Result<&Channel, Error> {
        let (bucket, index) = place(port).ok_or(Error::BadPort)?;
        let bucket = self.buckets.get(bucket).ok_or(Error::BadPort)?;
        bucket
            .try_call_once(allocate)?
            .get(index)
            .ok_or(Error::BadPort)
    }
}

fn place(port: Port) -> Option<(usize, usize)> {
    let port = usize::try_from(port.raw()).ok()?;
    Some((port / BUCKET, port % BUCKET))
}

fn allocate() -> Result<Box<[Channel]>, Error> {
    let mut bucket = Vec::new();
    bucket
        .try_reserve_exact(BUCKET)
        .map_err(|_| Error::OutOfMemory)?;
    bucket.resize_with(BUCKET, Channel::new);
    Ok(bucket.into_boxed_slice())
}
