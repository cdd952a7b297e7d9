//! Opening ports.

use core::sync::atomic::Ordering;

use ringwall_abi::{DomainId, Port, VcpuId};

use super::open::{Claim, Open};
use super::state::Word;
use super::{Effect, Error, Pirq, PirqLines, Ports, SharedBits, Virq};

const VCPU0: VcpuId = VcpuId::new(0);

impl Ports {
    /// Opens a port to which `remote` may connect.
    ///
    /// # Errors
    /// [`Error::NoFreePort`], [`Error::OutOfMemory`], [`Error::Dying`].
    #[doc(alias = "EVTCHNOP_alloc_unbound")]
    pub fn alloc_unbound(&self, remote: DomainId) -> Result<Port, Error> {
        self.open_as(Word::unbound(remote), VCPU0)
    }

    /// Opens a port that is connected to `remote_port` of `remote`, and makes it pending: the
    /// other side may have sent before. `remote` may be `self`.
    ///
    /// # Errors
    /// [`Error::NotAccepting`], and those of [`Self::alloc_unbound`].
    #[doc(alias = "EVTCHNOP_bind_interdomain")]
    pub fn bind_interdomain(
        &self,
        remote: &Self,
        remote_port: Port,
        bits: &impl SharedBits,
    ) -> Result<(Port, Effect), Error> {
        let connected = Word::interdomain(remote.domain(), remote_port);
        let mut open = self.open.lock();
        let claim = self.claim(&mut open)?;
        // Ours first: once the other end says that it is connected, its owner may close it, and
        // then has to find this end connected.
        claim.publish(connected, VCPU0);
        let far = remote
            .channel(remote_port)
            .map_err(|_| Error::NotAccepting)?;
        if !far.connect(self.domain(), claim.port()) {
            return Err(Error::NotAccepting);
        }
        let port = claim.keep();
        Ok((port, self.raise(port, connected, bits)))
    }

    /// Opens a port for a virtual interrupt.
    ///
    /// # Errors
    /// [`Error::NoSuchVcpu`]; [`Error::GlobalVirq`]; [`Error::VirqBound`]; and those of
    /// [`Self::alloc_unbound`].
    #[doc(alias = "EVTCHNOP_bind_virq")]
    pub fn bind_virq(&self, virq: Virq, vcpu: VcpuId) -> Result<Port, Error> {
        let slot = self.virq_slot(vcpu, virq)?;
        if virq.is_global() && vcpu != VCPU0 {
            return Err(Error::GlobalVirq);
        }
        let mut open = self.open.lock();
        if slot.load(Ordering::Relaxed) != 0 {
            return Err(Error::VirqBound);
        }
        let claim = self.claim(&mut open)?;
        claim.publish(Word::virq(virq), vcpu);
        slot.store(claim.port().raw(), Ordering::Release);
        Ok(claim.keep())
    }

    /// Opens a port that the domain itself sends to, for one of its virtual CPUs.
    ///
    /// # Errors
    /// [`Error::NoSuchVcpu`], and those of [`Self::alloc_unbound`].
    #[doc(alias = "EVTCHNOP_bind_ipi")]
    pub fn bind_ipi(&self, vcpu: VcpuId) -> Result<Port, Error> {
        self.check_vcpu(vcpu)?;
        self.open_as(Word::IPI, vcpu)
    }

    /// Opens a port for a physical interrupt, and connects the line.
    ///
    /// # Errors
    /// [`Error::BadPirq`]; [`Error::PirqBound`]; [`Error::Line`] with what `lines` said; and
    /// those of [`Self::alloc_unbound`].
    #[doc(alias = "EVTCHNOP_bind_pirq")]
    pub fn bind_pirq(&self, pirq: Pirq, lines: &impl PirqLines) -> Result<Port, Error> {
        let slot = self.pirq_slot(pirq)?;
        let mut open = self.open.lock();
        if slot.load(Ordering::Relaxed) != 0 {
            return Err(Error::PirqBound);
        }
        let claim = self.claim(&mut open)?;
        claim.publish(Word::pirq(pirq), VCPU0);
        slot.store(claim.port().raw(), Ordering::Release);
        // Last: the interrupt may come at once.
        if let Err(errno) = lines.connect(pirq, claim.port()) {
            slot.store(0, Ordering::Release);
            return Err(Error::Line(errno));
        }
        Ok(claim.keep())
    }

    fn open_as(&self, word: Word, vcpu: VcpuId) -> Result<Port, Error> {
        let mut open = self.open.lock();
        let claim = self.claim(&mut open)?;
        claim.publish(word, vcpu);
        Ok(claim.keep())
    }

    fn claim<'a>(&'a self, open: &'a mut Open) -> Result<Claim<'a>, Error> {
        let port = open.lowest_free()?;
        let channel = self.table.get_or_allocate(port)?;
        Ok(Claim::new(open, channel, port))
    }
}
