//! A domain that ringd keeps: what is written down of it, and what lives with this process.

use std::sync::Arc;

use ringwall_abi::domctl::{DomainFlags, GetDomainInfo, INVALID_MAX_VCPU_ID};
use ringwall_abi::{DomainId, PAGE_SIZE};
use ringwall_api::{ShutdownReason, State, Summary};
use ringwall_guestfile::Guest;
use serde::{Deserialize, Serialize};

use crate::console::Console;

/// What has to outlive this process: a file in `/run/ringwall/domains`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its number.
    pub(crate) id: u16,
    /// Its UUID, which tells it from a later one with the same number.
    pub(crate) uuid: String,
    /// Its name now.
    pub(crate) name: String,
    /// What it was created from; its name there is the one it was created with.
    pub(crate) guest: Guest,
    /// When, in milliseconds since 1970.
    pub(crate) created_ms: u64,
    /// Restarts of the name, in a row, and how many of them were quick.
    pub(crate) restarts: u32,
    pub(crate) quick_restarts: u32,
    /// The machine's frame and the domain's port of its console.
    pub(crate) console: RingPlace,
    /// The same of its connection to the store.
    pub(crate) store: RingPlace,
    /// It is being destroyed: a ringd that finds this goes on with it.
    #[serde(default)]
    pub(crate) is_ending: bool,
}

/// A domain that is about to be, written down before anything of it is there: a ringd that finds this takes down
/// what its predecessor has left half done. A file in `/run/ringwall/domains`, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// What is known so far. The number is 0 before there is one, and the UUID is that of the domain.
    pub(crate) record: Record,
    /// Whether it runs at the end.
    pub(crate) start: Start,
    /// Whether it is to be even so: it follows one that ended, and nobody will ask for it again.
    pub(crate) is_restart: bool,
}

/// What a domain does when it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Start {
    /// It runs.
    Running,
    /// It waits to be let run.
    Paused,
}

/// Where a ring is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RingPlace {
    pub(crate) frame: u64,
    pub(crate) port: u32,
}

/// A domain.
#[derive(Clone)]
pub(crate) struct Domain {
    pub(crate) record: Record,
    pub(crate) console: Arc<Console>,
    pub(crate) phase: Phase,
}

/// What ringd does with a domain: only one thread ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing.
    Kept,
    /// It ended, and its policy keeps it.
    Preserved,
    /// A thread takes it down.
    Ending,
}

impl Record {
    pub(crate) fn domain(&self) -> DomainId {
        DomainId::new(self.id)
    }
}

/// Pages as KiB.
pub(crate) fn pages_kib(pages: u64) -> u64 {
    pages.saturating_mul(PAGE_SIZE as u64 / 1024)
}

/// What the hypervisor's flags say a domain does.
pub(crate) fn state(flags: DomainFlags) -> State {
    let reason = shutdown_reason(flags);
    match reason {
        _ if flags.contains(DomainFlags::DYING) => State::Dying,
        Some(ShutdownReason::Crash | ShutdownReason::Watchdog) => State::Crashed,
        Some(_) => State::Shutdown,
        None if flags.contains(DomainFlags::PAUSED) => State::Paused,
        None if flags.contains(DomainFlags::RUNNING) => State::Running,
        None if flags.contains(DomainFlags::BLOCKED) => State::Blocked,
        None => State::Running,
    }
}

/// Why it ended, if it has.
pub(crate) fn shutdown_reason(flags: DomainFlags) -> Option<ShutdownReason> {
    if !flags.contains(DomainFlags::SHUTDOWN) {
        return None;
    }
    Some(match flags.shutdown_reason() {
        0 => ShutdownReason::Poweroff,
        1 => ShutdownReason::Reboot,
        2 => ShutdownReason::Suspend,
        3 => ShutdownReason::Crash,
        4 => ShutdownReason::Watchdog,
        _ => ShutdownReason::Other,
    })
}

/// How many virtual CPUs a domain may have. One that is being made has none yet, which is written as a huge number.
pub(crate) fn vcpu_count(info: &GetDomainInfo) -> u32 {
    match info.max_vcpu_id {
        INVALID_MAX_VCPU_ID => 0,
        highest => highest.saturating_add(1),
    }
}

/// A line of a list.
pub(crate) fn summary(info: &GetDomainInfo, name: String, created_ms: Option<u64>) -> Summary {
    let most = pages_kib(info.max_pages);
    Summary {
        id: info.domain.raw(),
        name,
        state: state(info.flags),
        reason: shutdown_reason(info.flags),
        memory_kib: pages_kib(info.tot_pages),
        // dom0 may have all that there is, which Xen writes as a huge number.
        max_memory_kib: (most < 1 << 40).then_some(most),
        vcpus: info.nr_online_vcpus,
        max_vcpus: vcpu_count(info),
        cpu_time_ns: info.cpu_time,
        created_ms,
    }
}
