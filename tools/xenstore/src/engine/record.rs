//! The state's changes as data: what a restart carries out again.

use std::borrow::Cow;

use ringwall_abi::DomainId;
use serde::{Deserialize, Serialize};

use super::{Effects, Engine, Fault, Indices};
use crate::error::{Error, Result};
use crate::permissions::Caller;
use crate::request::{Introduction, Operation};

/// A change of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Record<'a> {
    /// Changes by the control domain, together.
    Change(#[serde(borrow)] Cow<'a, [Operation<'a>]>),
    /// Bytes that were taken from a domain's ring.
    Input {
        /// The domain.
        domain: DomainId,
        /// The bytes.
        #[serde(borrow)]
        bytes: Cow<'a, [u8]>,
    },
    /// The next messages for a domain went from where they waited towards its ring.
    Batch {
        /// The domain.
        domain: DomainId,
        /// How many messages.
        messages: u32,
    },
    /// A domain was introduced.
    Introduce {
        /// The domain and the ways to it.
        introduction: Introduction,
        /// Where its ring stood.
        indices: Indices,
    },
    /// The next request from a ring is to introduce a domain, whose ring stood there.
    Reached(Indices),
    /// A domain was let go.
    Release(DomainId),
    /// A domain has shut down.
    ShutDown(DomainId),
    /// A domain's next shutdown counts again.
    Resume(DomainId),
    /// A domain may act for another.
    SetTarget {
        /// The domain.
        domain: DomainId,
        /// The other one.
        target: DomainId,
    },
    /// A domain started its connection anew.
    Reset(DomainId),
    /// A domain is not served any more.
    Break {
        /// The domain.
        domain: DomainId,
        /// Why.
        fault: Fault,
    },
}

impl<'a> Record<'a> {
    /// Changes by the control domain.
    pub(crate) const fn change(operations: &'a [Operation<'a>]) -> Self {
        Self::Change(Cow::Borrowed(operations))
    }
}

/// Carries out records. Nothing happens outside: what did is in the records.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// Where the ring stood that the next request reaches.
    reached: Option<Indices>,
}

impl Effects for Replay {
    fn reach(&mut self, _: &Introduction) -> Result<Indices> {
        self.reached.take().ok_or(Error::Io)
    }

    fn let_go(&mut self, _: DomainId) {}

    fn record(&mut self, _: &Record<'_>) {}
}

impl Replay {
    /// Makes a change that was made before.
    pub(crate) fn apply(&mut self, engine: &mut Engine, record: &Record<'_>) {
        match record {
            Record::Change(operations) => {
                // It succeeded then, so it does now.
                let _ = engine.change(operations, &Caller::PRIVILEGED);
            }
            Record::Input { domain, bytes } => engine.feed(*domain, bytes, self),
            Record::Batch { domain, messages } => {
                engine.take_messages(*domain, *messages);
            }
            Record::Introduce {
                introduction,
                indices,
            } => engine.introduce(introduction, *indices),
            Record::Reached(indices) => self.reached = Some(*indices),
            Record::Release(domain) => engine.release(*domain),
            Record::ShutDown(domain) => engine.shut_down(*domain),
            Record::Resume(domain) => drop(engine.resume(*domain)),
            Record::SetTarget { domain, target } => drop(engine.set_target(*domain, *target)),
            Record::Reset(domain) => engine.reset_ring(*domain, Indices::default()),
            Record::Break { domain, fault } => engine.break_ring(*domain, *fault),
        }
    }
}
