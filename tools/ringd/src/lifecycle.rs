//! What becomes of domains that end by themselves.

use std::sync::Arc;
use std::thread;

use ringwall_abi::domctl::DomainFlags;
use ringwall_api::{EventKind, Result, ShutdownReason};
use ringwall_guestfile::{Action, Policies};
use ringwall_xenstore::RELEASE_DOMAIN;

use crate::create::{Before, Intended};
use crate::daemon::Daemon;
use crate::destroy::{self, ConsoleEnd};
use crate::domain::{Domain, Intent, Phase, shutdown_reason};
use crate::dump;
use crate::events::now_ms;
use crate::failure::OrFail as _;

/// A domain that lived shorter than this was quick, in milliseconds.
const QUICK_MS: u64 = 10_000;

/// Starts the thread that waits for ends, of which the store tells, and does first what a ringd before this one left
/// undone.
pub(crate) fn start(daemon: &Arc<Daemon>, again: Vec<Intent>) -> Result<()> {
    let watcher = daemon.store.watch(RELEASE_DOMAIN).or_fail()?;
    let daemon = Arc::clone(daemon);
    thread::Builder::new()
        .name("lifecycle".into())
        .spawn(move || {
            for intent in &again {
                restart_intended(&daemon, intent);
            }
            while watcher.next().is_some() {
                watcher.pending().for_each(drop);
                look(&daemon);
            }
        })?;
    Ok(())
}

/// Looks at all domains, and has each that ended taken care of by a thread of its own.
fn look(daemon: &Arc<Daemon>) {
    for domain in daemon.registry.all() {
        if domain.phase != Phase::Kept {
            continue;
        }
        let info = daemon.hypervisor.domain_info(domain.record.domain());
        let reason = match info {
            Ok(info) if info.flags.contains(DomainFlags::DYING) => None,
            Ok(info) => match shutdown_reason(info.flags) {
                Some(reason) => Some(reason),
                None => continue,
            },
            Err(error) if error.is(ringwall_abi::Errno::ESRCH) => None,
            Err(error) => {
                log::warn!("domain {}: {error}", domain.record.name);
                continue;
            }
        };
        // Whoever comes first takes it: another look finds it taken.
        let id = domain.record.id;
        let taken = daemon.registry.change(id, |domain| {
            let is_first = domain.phase == Phase::Kept;
            if is_first {
                domain.phase = Phase::Preserved;
            }
            is_first
        });
        if !taken.unwrap_or(false) {
            continue;
        }
        let thread_daemon = Arc::clone(daemon);
        let spawned = thread::Builder::new()
            .name("end".into())
            .spawn(move || ended(&thread_daemon, &domain, reason));
        if let Err(error) = spawned {
            log::error!("no thread for the end of domain {id}: {error}");
        }
    }
}

/// Does what the domain's policy says; without a reason, somebody else destroyed it.
fn ended(daemon: &Daemon, domain: &Domain, reason: Option<ShutdownReason>) {
    let record = &domain.record;
    let Some(reason) = reason else {
        if let Err(failure) = destroy::destroy(daemon, record.id, ConsoleEnd::Ends) {
            log::warn!("{}: {failure}", record.name);
        }
        return;
    };
    daemon
        .events
        .add(record.id, &record.name, EventKind::Shutdown, reason.name());
    let action = action(&record.guest.on, reason);
    if matches!(action, Action::CoredumpDestroy | Action::CoredumpRestart) {
        dump::dump_ended(daemon, record);
    }
    let done = match action {
        Action::Preserve => {
            daemon
                .events
                .add(record.id, &record.name, EventKind::Preserved, "");
            Ok(())
        }
        Action::Destroy | Action::CoredumpDestroy => {
            destroy::destroy(daemon, record.id, ConsoleEnd::Ends).map(drop)
        }
        Action::Restart | Action::CoredumpRestart => restart(daemon, domain),
        Action::RenameRestart => rename_restart(daemon, domain),
    };
    if let Err(failure) = done {
        daemon
            .events
            .add(record.id, &record.name, EventKind::Failed, failure.message);
    }
}

/// What the policies say of an end.
pub(crate) fn action(on: &Policies, reason: ShutdownReason) -> Action {
    match reason {
        ShutdownReason::Poweroff => on.poweroff,
        ShutdownReason::Reboot => on.reboot,
        ShutdownReason::Watchdog => on.watchdog,
        // Nobody here resumes a domain that suspended itself.
        ShutdownReason::Crash | ShutdownReason::Suspend | ShutdownReason::Other => on.crash,
    }
}

/// What the next incarnation counts, or `None` where there shall be none.
fn before(domain: &Domain) -> Option<Before> {
    let record = &domain.record;
    let was_quick = now_ms().saturating_sub(record.created_ms) < QUICK_MS;
    let quick_restarts = if was_quick {
        record.quick_restarts + 1
    } else {
        0
    };
    if quick_restarts > record.guest.on.restart_limit {
        return None;
    }
    Some(Before {
        console: None,
        restarts: record.restarts.saturating_add(1),
        quick_restarts,
    })
}

fn restart(daemon: &Daemon, domain: &Domain) -> Result<()> {
    let record = &domain.record;
    let Some(mut before) = before(domain) else {
        return give_up(daemon, domain);
    };
    before.console = Some(Arc::clone(&domain.console));
    let next = next(daemon, domain, before)?;
    destroy::destroy(daemon, record.id, ConsoleEnd::GoesOn)?;
    let created = run(daemon, next);
    if created.is_err() {
        domain.console.end();
    }
    created
}

/// Keeps the domain under another name, and creates it anew.
fn rename_restart(daemon: &Daemon, domain: &Domain) -> Result<()> {
    let Some(before) = before(domain) else {
        return give_up(daemon, domain);
    };
    let next = next(daemon, domain, before)?;
    let old = &domain.record.name;
    let kept = format!("{old}-{}", domain.record.id);
    crate::server::rename(daemon, domain.record.id, &kept)?;
    daemon
        .events
        .add(domain.record.id, &kept, EventKind::Preserved, "");
    run(daemon, next)
}

/// The domain that follows, under the name that this one has now. It is written down before this one goes.
fn next<'a>(daemon: &'a Daemon, domain: &Domain, before: Before) -> Result<Intended<'a>> {
    let mut guest = domain.record.guest.clone();
    guest.name.clone_from(&domain.record.name);
    Intended::restart(daemon, guest, before)
}

/// Does what a ringd before this one was to do.
fn restart_intended(daemon: &Daemon, intent: &Intent) {
    let record = &intent.record;
    let before = Before {
        console: None,
        restarts: record.restarts,
        quick_restarts: record.quick_restarts,
    };
    let next = Intended::restart(daemon, record.guest.clone(), before);
    if let Err(failure) = next.and_then(|next| run(daemon, next)) {
        daemon
            .events
            .add(record.id, &record.name, EventKind::Failed, failure.message);
    }
}

/// Creates the domain again, and lets it run.
fn run(daemon: &Daemon, next: Intended<'_>) -> Result<()> {
    let record = next.carry_out()?;
    let detail = format!("restart {}", record.restarts);
    daemon
        .events
        .add(record.id, &record.name, EventKind::Restarted, detail);
    Ok(())
}

fn give_up(daemon: &Daemon, domain: &Domain) -> Result<()> {
    let record = &domain.record;
    let limit = record.guest.on.restart_limit;
    let detail = format!(
        "it ended {} times within ten seconds of its start, and is not restarted any more",
        limit.saturating_add(1)
    );
    daemon
        .events
        .add(record.id, &record.name, EventKind::Failed, detail);
    destroy::destroy(daemon, record.id, ConsoleEnd::Ends).map(drop)
}
