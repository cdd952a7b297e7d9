//! What is done to domains.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ringwall_abi::Errno;
use ringwall_abi::domctl::DomainFlags;
use ringwall_api::{Changed, Created, Ending, EventKind, Failure, Kind, Result, Which};
use ringwall_guestfile::{Action, Guest};
use ringwall_xenstore::home;

use super::target::{self, Target};
use crate::daemon::Daemon;
use crate::destroy::ConsoleEnd;
use crate::domain::Start;
use crate::failure::OrFail as _;
use crate::{create as creation, destroy as destruction, dump, store};

/// How often is looked whether a domain has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Creates a domain, and lets it run.
pub(super) fn create(daemon: &Daemon, guest: Guest, paused: bool) -> Result<Created> {
    let start = if paused {
        Start::Paused
    } else {
        Start::Running
    };
    let record = creation::create(daemon, guest, start)?;
    Ok(Created {
        id: record.id,
        name: record.name,
    })
}

/// Ends domains at once.
pub(super) fn destroy(daemon: &Daemon, which: Which) -> Result<Vec<Changed>> {
    each(daemon, which, "destroyed", |target| match &target.kept {
        Some(_) => destruction::destroy(daemon, target.id.raw(), ConsoleEnd::Ends).map(drop),
        None => {
            // Made by another toolstack: what that keeps of it is its own.
            daemon.hypervisor.destroy_domain(target.id).or_fail()?;
            daemon.store.release(target.id).or_fail()
        }
    })
}

/// Stops domains from running. The hypervisor counts pauses; this makes no second one.
pub(super) fn pause(daemon: &Daemon, which: Which) -> Result<Vec<Changed>> {
    each(daemon, which, "paused", |target| {
        daemon.dumps.check(target.id, &target.name)?;
        if is_paused(daemon, target)? {
            return Ok(());
        }
        daemon.hypervisor.pause_domain(target.id).or_fail()?;
        daemon
            .events
            .add(target.id.raw(), &target.name, EventKind::Paused, "");
        Ok(())
    })
}

/// Lets domains run.
pub(super) fn unpause(daemon: &Daemon, which: Which) -> Result<Vec<Changed>> {
    each(daemon, which, "unpaused", |target| {
        daemon.dumps.check(target.id, &target.name)?;
        if !is_paused(daemon, target)? {
            return Ok(());
        }
        daemon.hypervisor.unpause_domain(target.id).or_fail()?;
        daemon
            .events
            .add(target.id.raw(), &target.name, EventKind::Unpaused, "");
        Ok(())
    })
}

fn is_paused(daemon: &Daemon, target: &Target) -> Result<bool> {
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    Ok(info.flags.contains(DomainFlags::PAUSED))
}

/// Asks domains to end, and waits for it if that is wanted.
pub(super) fn end(
    daemon: &Daemon,
    which: Which,
    how: Ending,
    wait_ms: Option<u64>,
) -> Result<Vec<Changed>> {
    let what = match (how, wait_ms) {
        (Ending::Poweroff, None) => "asked for poweroff of",
        (Ending::Reboot, None) => "asked for reboot of",
        (Ending::Poweroff, Some(_)) => "shut down",
        (Ending::Reboot, Some(_)) => "rebooted",
    };
    let begin = Instant::now();
    let targets = target::which(daemon, which)?;
    let asked = targets
        .iter()
        .map(|target| (target, ask(daemon, target, how)));
    let asked: Vec<_> = asked.collect();
    let limit = wait_ms.map(Duration::from_millis);
    let done = asked.into_iter().map(|(target, asked)| {
        asked?;
        if let Some(limit) = limit {
            wait_for_end(daemon, target, begin, limit)?;
            if how == Ending::Reboot {
                wait_for_start(daemon, target, begin, limit)?;
            }
        }
        Ok(changed(target, what))
    });
    all_or_first_failure(done)
}

/// Asks one; one that has ended already needs no asking.
fn ask(daemon: &Daemon, target: &Target, how: Ending) -> Result<()> {
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    if info.flags.contains(DomainFlags::SHUTDOWN) {
        return Ok(());
    }
    if info.flags.contains(DomainFlags::PAUSED) {
        let message = format!(
            "{} is paused, and would not hear of it: ringctl unpause {}",
            target.name, target.name
        );
        return Err(Failure::new(Kind::Refused, message));
    }
    let path = format!("{}/control/shutdown", home(target.id));
    daemon.store.write(&path, how.word()).or_fail()
}

fn wait_for_end(daemon: &Daemon, target: &Target, begin: Instant, limit: Duration) -> Result<()> {
    loop {
        match daemon.hypervisor.domain_info(target.id) {
            Err(error) if error.is(Errno::ESRCH) => return Ok(()),
            Err(error) => return Err(error).or_fail(),
            // Its policy keeps it, or it goes already.
            Ok(info)
                if info
                    .flags
                    .intersects(DomainFlags::SHUTDOWN | DomainFlags::DYING) =>
            {
                return Ok(());
            }
            Ok(_) => {}
        }
        if begin.elapsed() >= limit {
            let seconds = limit.as_secs_f32();
            let name = &target.name;
            let message = format!(
                "{name} did not end in {seconds} s: ringctl destroy {name} ends it at once"
            );
            return Err(Failure::new(Kind::TimedOut, message));
        }
        thread::sleep(LOOK);
    }
}

/// Waits until a domain whose policy has it restarted runs again, under another number.
fn wait_for_start(daemon: &Daemon, target: &Target, begin: Instant, limit: Duration) -> Result<()> {
    let policy = target.kept.as_ref().map(|kept| kept.record.guest.on.reboot);
    let restarts = [
        Action::Restart,
        Action::CoredumpRestart,
        Action::RenameRestart,
    ];
    if !policy.is_some_and(|policy| restarts.contains(&policy)) {
        return Ok(());
    }
    loop {
        let next = daemon.registry.find(&target.name).ok();
        let next = next.map(|next| next.record.domain());
        if let Some(next) = next.filter(|next| *next != target.id) {
            let info = daemon.hypervisor.domain_info(next).or_fail()?;
            if !info.flags.contains(DomainFlags::PAUSED) {
                return Ok(());
            }
        }
        if begin.elapsed() >= limit {
            let seconds = limit.as_secs_f32();
            let message = format!(
                "{} was not started again in {seconds} s: ringctl events may say why",
                target.name
            );
            return Err(Failure::new(Kind::TimedOut, message));
        }
        thread::sleep(LOOK);
    }
}

/// Names a domain otherwise.
pub(super) fn rename_named(daemon: &Daemon, domain: &str, name: &str) -> Result<Changed> {
    let target = target::find_guest(daemon, domain)?;
    if target.kept.is_none() {
        let message = format!("{} was not made by ringd, and keeps its name", target.name);
        return Err(Failure::new(Kind::Refused, message));
    }
    rename(daemon, target.id.raw(), name)?;
    let changed = Changed {
        id: target.id.raw(),
        name: name.to_owned(),
        what: format!("renamed {} to", target.name),
    };
    Ok(changed)
}

/// Names a domain that ringd keeps otherwise.
pub(crate) fn rename(daemon: &Daemon, id: u16, name: &str) -> Result<()> {
    Guest::check_name(name).map_err(|message| Failure::new(Kind::BadInput, message))?;
    let _reservation = daemon.registry.reserve(name)?;
    let old = daemon.registry.change(id, |domain| {
        std::mem::replace(&mut domain.record.name, name.to_owned())
    })?;
    if let Some(domain) = daemon.registry.get(id) {
        domain.console.rename_log(&daemon.log_path(name));
        store::set_name(&daemon.store, &domain.record).or_fail()?;
    }
    daemon.events.add(id, name, EventKind::Renamed, old);
    Ok(())
}

/// Presses one of Linux's magic keys.
pub(super) fn sysrq(daemon: &Daemon, domain: &str, key: char) -> Result<Changed> {
    let target = target::find_guest(daemon, domain)?;
    if !key.is_ascii_graphic() {
        return Err(Failure::new(
            Kind::BadInput,
            format!("{key:?} is no magic key: h lists them on the console"),
        ));
    }
    let path = format!("{}/control/sysrq", home(target.id));
    daemon.store.write(&path, key.to_string()).or_fail()?;
    Ok(changed(&target, "pressed a key of"))
}

/// Writes a domain's memory to a file of dom0.
pub(super) fn dump_core(daemon: &Daemon, domain: &str, file: &Path) -> Result<Changed> {
    let target = target::find_guest(daemon, domain)?;
    if !file.is_absolute() {
        let message = format!("{}: name the file from the root on", file.display());
        return Err(Failure::new(Kind::Usage, message));
    }
    dump::dump(daemon, target.id, &target.name, file)?;
    Ok(changed(&target, "dumped"))
}

/// Does something to each.
fn each(
    daemon: &Daemon,
    which: Which,
    what: &str,
    act: impl Fn(&Target) -> Result<()>,
) -> Result<Vec<Changed>> {
    let targets = target::which(daemon, which)?;
    all_or_first_failure(targets.iter().map(|target| {
        act(target)?;
        Ok(changed(target, what))
    }))
}

/// Does all of it, whatever comes of each; the first failure is told.
fn all_or_first_failure<T>(results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let results: Vec<Result<T>> = results.collect();
    results.into_iter().collect()
}

fn changed(target: &Target, what: &str) -> Changed {
    Changed {
        id: target.id.raw(),
        name: target.name.clone(),
        what: what.to_owned(),
    }
}
