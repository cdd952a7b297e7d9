//! The domain that a request names. ringd shows those too that others made.

use ringwall_abi::DomainId;
use ringwall_abi::domctl::{DomainFlags, GetDomainInfo};
use ringwall_api::{Result, Which};
use ringwall_xenstore::home;

use crate::daemon::Daemon;
use crate::domain::Domain;
use crate::failure::OrFail as _;
use crate::registry::absent;

/// A domain.
pub(super) struct Target {
    pub(super) id: DomainId,
    pub(super) name: String,
    /// What ringd keeps of it, if it made it.
    pub(super) kept: Option<Domain>,
}

/// The domain of this name or number; dom0 too.
pub(super) fn find(daemon: &Daemon, name: &str) -> Result<Target> {
    if let Ok(domain) = daemon.registry.find(name) {
        return Ok(kept(domain));
    }
    let domains = daemon.hypervisor.domains().or_fail()?;
    let mut all = domains.iter().map(|info| of(daemon, info));
    let found = all.find(|target| target.name == name || target.id.raw().to_string() == name);
    found.ok_or_else(|| absent(name))
}

/// One that something may be done to: not dom0.
pub(super) fn find_guest(daemon: &Daemon, name: &str) -> Result<Target> {
    let target = find(daemon, name)?;
    match target.id == DomainId::DOM0 {
        true => Err(absent("0")),
        false => Ok(target),
    }
}

/// Those that are named, or all but dom0.
pub(super) fn which(daemon: &Daemon, which: Which) -> Result<Vec<Target>> {
    match which {
        Which::Domains(names) => names.iter().map(|name| find_guest(daemon, name)).collect(),
        Which::All => {
            let domains = daemon.hypervisor.domains().or_fail()?;
            let guests = domains.iter().filter(|info| info.domain != DomainId::DOM0);
            let all = guests.map(|info| (info, of(daemon, info)));
            let made =
                all.filter(|(info, target)| target.kept.is_some() || !is_in_the_making(info));
            Ok(made.map(|(_, target)| target).collect())
        }
    }
}

/// Whether somebody, perhaps another thread of this process, is just making it: it is no domain yet for those who
/// speak of all.
fn is_in_the_making(info: &GetDomainInfo) -> bool {
    info.flags.contains(DomainFlags::PAUSED) && info.cpu_time == 0
}

/// The domain that the hypervisor tells of.
pub(super) fn of(daemon: &Daemon, info: &GetDomainInfo) -> Target {
    if let Some(domain) = daemon.registry.get(info.domain.raw()) {
        return kept(domain);
    }
    let id = info.domain;
    let name = match id {
        DomainId::DOM0 => Some("dom0".to_owned()),
        _ => daemon.store.read_text(&format!("{}/name", home(id))),
    };
    Target {
        id,
        name: name.unwrap_or_else(|| format!("domain-{}", id.raw())),
        kept: None,
    }
}

fn kept(domain: Domain) -> Target {
    Target {
        id: domain.record.domain(),
        name: domain.record.name.clone(),
        kept: Some(domain),
    }
}
