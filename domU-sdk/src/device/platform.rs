//! What front ends ask of the domain that they run in.

use core::fmt::Debug;

use ringwall_abi::{DomainId, Errno, Port};

use super::Access;
use crate::SharedPage;

/// A grant can't be taken back: the grantee still has the page mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillMapped;

/// What front ends need of the domain that they run in: grants, event channels, time.
///
/// The SDK's own is [`Guest`](crate::device::Guest). Tests have another, with back ends behind it
/// that lie.
pub trait Platform: Clone + Debug {
    /// Lets `domain` use the page; returns the grant reference.
    ///
    /// # Errors
    /// `ENOSPC`: no entry of the grant table is free. Else as the hypervisor says.
    fn grant(&self, domain: DomainId, page: &SharedPage, access: Access) -> Result<u32, Errno>;

    /// Takes a grant back.
    ///
    /// # Errors
    /// The grantee has the page mapped: the page must not be used for anything else.
    fn revoke(&self, reference: u32) -> Result<(), StillMapped>;

    /// Opens an event channel that `domain` may bind to.
    ///
    /// # Errors
    /// As `EVTCHNOP_alloc_unbound` has them.
    fn open_channel(&self, domain: DomainId) -> Result<Port, Errno>;

    /// Closes an event channel.
    fn close_channel(&self, port: Port);

    /// Signals the other end of an event channel.
    ///
    /// # Errors
    /// As `EVTCHNOP_send` has them.
    fn notify(&self, port: Port) -> Result<(), Errno>;

    /// Waits until one of the ports has been signalled since the last wait for it, or the time of
    /// [`Self::now_ns`] is `until_ns`. May return early: callers look at what they wait for.
    fn wait(&self, ports: &[Port], until_ns: u64);

    /// Nanoseconds since some moment, never going back.
    fn now_ns(&self) -> u64;
}
