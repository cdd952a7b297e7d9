//! Which ports are in use, and claims on the free ones.

use ringwall_abi::{Port, VcpuId};

use super::channel::Channel;
use super::state::Word;
use super::{Error, PORTS};

/// What a domain's port lock guards, beside the right to open and close.
#[derive(Debug)]
pub(super) struct Open {
    /// A bit per port.
    used: [u64; PORTS as usize / 64],
    /// One above the highest port that may be opened.
    limit: u32,
    /// Nothing is opened any more.
    dying: bool,
}

impl Open {
    pub(super) fn new(limit: u32) -> Self {
        let mut used = [0; PORTS as usize / 64];
        used[0] = 1; // port 0
        Self {
            used,
            limit: limit.min(PORTS),
            dying: false,
        }
    }

    pub(super) fn set_dying(&mut self) {
        self.dying = true;
    }

    /// The lowest free port, so that few buckets and selector bits are in use.
    pub(super) fn lowest_free(&self) -> Result<Port, Error> {
        if self.dying {
            return Err(Error::Dying);
        }
        (0u32..)
            .zip(&self.used)
            .find(|(_, word)| **word != u64::MAX)
            .map(|(index, word)| index * 64 + word.trailing_ones())
            .filter(|port| *port < self.limit)
            .map(Port::new)
            .ok_or(Error::NoFreePort)
    }

    /// The lowest port in use above `after`.
    pub(super) fn next_used(&self, after: Port) -> Option<Port> {
        let first = after.raw().checked_add(1)?;
        (0u32..)
            .zip(&self.used)
            .skip((first / 64) as usize)
            .find_map(|(index, word)| {
                let below = if index == first / 64 {
                    (1 << (first % 64)) - 1
                } else {
                    0
                };
                let rest = word & !below;
                (rest != 0).then(|| Port::new(index * 64 + rest.trailing_zeros()))
            })
    }

    pub(super) fn mark(&mut self, port: Port) {
        self.change(port, |word, bit| word | bit);
    }

    pub(super) fn release(&mut self, port: Port) {
        self.change(port, |word, bit| word & !bit);
    }

    fn change(&mut self, port: Port, to: impl FnOnce(u64, u64) -> u64) {
        if let Some(word) = self.used.get_mut((port.raw() / 64) as usize) {
            *word = to(*word, 1 << (port.raw() % 64));
        }
    }
}

/// A port that is being opened. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    open: &'a mut Open,
    channel: &'a Channel,
    port: Port,
}

impl<'a> Claim<'a> {
    pub(super) fn new(open: &'a mut Open, channel: &'a Channel, port: Port) -> Self {
        open.mark(port);
        Self {
            open,
            channel,
            port,
        }
    }

    pub(super) fn port(&self) -> Port {
        self.port
    }

    /// Lets everybody see what the port is bound to.
    pub(super) fn publish(&self, word: Word, vcpu: VcpuId) {
        self.channel.publish(word, vcpu);
    }

    /// Ends the claim: the port stays open.
    pub(super) fn keep(self) -> Port {
        let port = self.port;
        core::mem::forget(self);
        port
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.channel.take();
        self.open.release(self.port);
    }
}
