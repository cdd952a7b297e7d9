//! What requests do beside the state: the journal and the machine.

use ringwall_abi::DomainId;

use crate::engine::{Effects, Engine, Indices, Record};
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::request::Introduction;
use crate::ring::{Keeper, Machine, Ring};

/// Journal and machine, and what requests changed of the rings.
pub(super) struct Outside {
    pub(super) machine: Box<dyn Machine>,
    pub(super) journal: Option<Journal>,
    /// Rings that were reached, with their domains.
    pub(super) reached: Vec<(DomainId, Ring)>,
    /// Domains that were let go.
    pub(super) gone: Vec<DomainId>,
}

impl Outside {
    /// Makes sure that all that was recorded is kept.
    pub(super) fn settle(&mut self, engine: &mut Engine) {
        if let Some(journal) = &mut self.journal {
            journal.settle(engine);
        }
    }

    /// Maps a domain's ring.
    pub(super) fn map(&mut self, introduction: &Introduction) -> Result<Indices> {
        let domain = introduction.domain;
        let page = self.machine.reach(introduction).map_err(|error| {
            log::warn!("{domain}: can't reach its ring: {error}");
            Error::Io
        })?;
        let ring = Ring::new(domain, page);
        let indices = ring.indices();
        self.gone.retain(|gone| *gone != domain);
        self.reached.push((domain, ring));
        Ok(indices)
    }

    fn keep(&mut self, record: &Record<'_>) {
        if let Some(journal) = &mut self.journal {
            journal.record(record);
        }
    }

    fn drop_ring(&mut self, domain: DomainId) {
        self.machine.let_go(domain);
        self.reached.retain(|(reached, _)| *reached != domain);
        self.gone.push(domain);
    }
}

/// For requests of the control domain's processes, each of which is a record of its own.
pub(super) struct ForProcess<'a>(pub(super) &'a mut Outside);

impl Effects for ForProcess<'_> {
    fn reach(&mut self, introduction: &Introduction) -> Result<Indices> {
        self.0.map(introduction)
    }

    fn let_go(&mut self, domain: DomainId) {
        self.0.drop_ring(domain);
    }

    fn record(&mut self, record: &Record<'_>) {
        self.0.keep(record);
    }
}

/// For requests from rings, which are in the records of what was taken from there.
pub(super) struct ForDomain<'a>(pub(super) &'a mut Outside);

impl Effects for ForDomain<'_> {
    fn reach(&mut self, introduction: &Introduction) -> Result<Indices> {
        self.0.map(introduction)
    }

    fn let_go(&mut self, domain: DomainId) {
        self.0.drop_ring(domain);
    }

    fn record(&mut self, record: &Record<'_>) {
        if let Record::Introduce { indices, .. } = record {
            self.0.keep(&Record::Reached(*indices));
        }
    }
}

impl Keeper for ForDomain<'_> {
    fn keep(&mut self, engine: &mut Engine, record: &Record<'_>) {
        self.0.keep(record);
        self.0.settle(engine);
    }
}
