//! Closing ports.

use core::sync::atomic::{AtomicU32, Ordering};

use ringwall_abi::{DomainId, Port, VcpuId};

use super::state::Word;
use super::{Error, PirqLines, Ports, SharedBits, State};

impl Ports {
    /// The domain that [`Self::close`] has to be given for this port, if it exists.
    ///
    /// # Errors
    /// [`Error::BadPort`].
    pub fn peer(&self, port: Port) -> Result<Option<DomainId>, Error> {
        Ok(other_domain(self.open_channel(port)?.word(), self.domain()))
    }

    /// Closes a port; the other end of a connection waits for a new one. `peer` is the domain
    /// that [`Self::peer`] named, or `None` where there is no such domain. A domain can be found
    /// until all its ports are closed.
    ///
    /// # Errors
    /// [`Error::BadPort`]; [`Error::NeedsPeer`] where `peer` is not the domain at the other end.
    #[doc(alias = "EVTCHNOP_close")]
    pub fn close(
        &self,
        port: Port,
        peer: Option<&Self>,
        bits: &impl SharedBits,
        lines: &impl PirqLines,
    ) -> Result<(), Error> {
        let mut open = self.open.lock();
        let channel = self.open_channel(port)?;
        let seen = channel.word();
        // The lock keeps `other`, so a peer that fits now fits until the end. Held to the end
        // too, for the far end must not be connected to this port anew before it is let go.
        let other = other_domain(seen, self.domain());
        let was = match other {
            Some(domain) if peer.is_none_or(|peer| peer.domain() != domain) => {
                let gone = matches!(seen.state(), State::Unbound { .. });
                if !gone || !channel.take_if(seen) {
                    return Err(Error::NeedsPeer(domain));
                }
                seen
            }
            _ => channel.take(),
        };
        match was.state() {
            State::Interdomain { port: far, .. } => {
                let remote = if other.is_some() { peer } else { Some(self) };
                if let Some(far) = remote.and_then(|remote| remote.table.get(far)) {
                    far.disconnect(self.domain(), port);
                }
            }
            State::Virq(virq) => {
                let vcpu = if virq.is_global() {
                    VcpuId::new(0)
                } else {
                    channel.vcpu()
                };
                clear(self.virq_slot(vcpu, virq));
            }
            State::Pirq(pirq) => {
                lines.disconnect(pirq);
                clear(self.pirq_slot(pirq));
            }
            State::Free | State::Unbound { .. } | State::Ipi => {}
        }
        bits.clear_pending(port);
        open.release(port);
        Ok(())
    }

    /// The next open port after `after`. A reset closes one after the other, and may be
    /// interrupted after each: the port reached is all that it has to remember.
    #[doc(alias = "EVTCHNOP_reset")]
    #[must_use]
    pub fn next_open(&self, after: Port) -> Option<Port> {
        self.open.lock().next_used(after)
    }

    /// From now on nothing is opened. Then the caller closes what [`Self::next_open`] names.
    pub fn kill(&self) {
        self.open.lock().set_dying();
    }
}

/// The domain at the other end, if it is another one.
fn other_domain(word: Word, own: DomainId) -> Option<DomainId> {
    match word.state() {
        State::Unbound { remote } | State::Interdomain { remote, .. } => {
            (remote != own).then_some(remote)
        }
        State::Free | State::Pirq(_) | State::Virq(_) | State::Ipi => None,
    }
}

fn clear(slot: Result<&AtomicU32, Error>) {
    if let Ok(slot) = slot {
        slot.store(0, Ordering::Release);
    }
}
