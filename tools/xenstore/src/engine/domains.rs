//! Introduction and the end of domains.

use ringwall_abi::DomainId;

use super::connection::Connection;
use super::state::Domain;
use super::stream::Stream;
use super::{ConnectionId, Effects, Engine, Indices, Record};
use crate::error::{Error, Result};
use crate::path::{INTRODUCE_DOMAIN, RELEASE_DOMAIN};
use crate::request::Introduction;
use crate::store::Change;

impl Engine {
    /// Whether the server is in communication with the domain.
    pub(crate) fn is_introduced(&self, domain: DomainId) -> bool {
        domain == DomainId::DOM0 || self.domains.contains_key(&domain)
    }

    /// The domains that were introduced, in their order.
    pub(crate) fn introductions(&self) -> impl Iterator<Item = Introduction> {
        self.domains.values().map(|domain| domain.introduction)
    }

    /// Reaches a domain, and takes it in.
    pub(crate) fn request_introduction(
        &mut self,
        introduction: &Introduction,
        effects: &mut dyn Effects,
    ) -> Result<()> {
        let indices = effects.reach(introduction)?;
        self.introduce(introduction, indices);
        effects.record(&Record::Introduce {
            introduction: *introduction,
            indices,
        });
        Ok(())
    }

    /// Takes in a domain whose ring stands there. One that is known keeps its watches.
    pub(crate) fn introduce(&mut self, introduction: &Introduction, indices: Indices) {
        let number = introduction.domain;
        let id = ConnectionId::Domain(number);
        if let Some(known) = self.domains.get_mut(&number) {
            let is_new_ring = known.introduction.frame != introduction.frame;
            known.introduction = *introduction;
            if is_new_ring {
                self.reset_ring(number, indices);
            }
            return;
        }
        let domain = Domain {
            introduction: *introduction,
            target: None,
            is_shut_down: false,
        };
        self.domains.insert(number, domain);
        self.connections
            .insert(id, Connection::new(Some(Stream::new(indices))));
        self.announce_domain(INTRODUCE_DOMAIN, number);
    }

    pub(super) fn request_release(
        &mut self,
        domain: DomainId,
        effects: &mut dyn Effects,
    ) -> Result<()> {
        if domain == DomainId::DOM0 || !domain.is_ordinary() {
            return Err(Error::Invalid);
        }
        if !self.domains.contains_key(&domain) {
            return Err(Error::NotFound);
        }
        self.end(domain, effects);
        Ok(())
    }

    /// Lets a domain go, and keeps that.
    pub(crate) fn end(&mut self, domain: DomainId, effects: &mut dyn Effects) {
        effects.let_go(domain);
        self.release(domain);
        effects.record(&Record::Release(domain));
    }

    /// Forgets a domain, with its nodes and what it was granted.
    pub(crate) fn release(&mut self, domain: DomainId) {
        self.disconnect(ConnectionId::Domain(domain));
        self.domains.remove(&domain);
        for other in self.domains.values_mut() {
            other.target = other.target.filter(|target| *target != domain);
        }
        for (path, node) in self.store.purge(domain) {
            self.announce(&path, &Change::Removed(node));
        }
        self.announce_domain(RELEASE_DOMAIN, domain);
    }

    /// Tells, once, that a domain has shut down, and keeps that.
    pub(crate) fn note_shutdown(&mut self, domain: DomainId, effects: &mut dyn Effects) {
        let is_news = self
            .domains
            .get(&domain)
            .is_some_and(|domain| !domain.is_shut_down);
        if is_news {
            self.shut_down(domain);
            effects.record(&Record::ShutDown(domain));
        }
    }

    /// Tells that a domain has shut down.
    pub(crate) fn shut_down(&mut self, number: DomainId) {
        if let Some(domain) = self.domains.get_mut(&number) {
            domain.is_shut_down = true;
            self.announce_domain(RELEASE_DOMAIN, number);
        }
    }

    /// Lets a domain's next shutdown be told.
    pub(crate) fn resume(&mut self, domain: DomainId) -> Result<()> {
        self.domains
            .get_mut(&domain)
            .ok_or(Error::NotFound)?
            .is_shut_down = false;
        Ok(())
    }

    /// Lets a domain act for another.
    pub(crate) fn set_target(&mut self, domain: DomainId, target: DomainId) -> Result<()> {
        if !self.is_introduced(target) {
            return Err(Error::NotFound);
        }
        self.domains.get_mut(&domain).ok_or(Error::NotFound)?.target = Some(target);
        Ok(())
    }
}
