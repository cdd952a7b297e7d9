//! Waiting for a domain.

use std::thread;
use std::time::{Duration, Instant};

use regex_lite::Regex;
use ringwall_abi::Errno;
use ringwall_abi::domctl::DomainFlags;
use ringwall_api::{Condition, DeviceState, Failure, Kind, Result, Waited};
use ringwall_guestfile::Action;

use super::connection::Connection;
use super::devices;
use super::target::{self, Target};
use crate::console::Console;
use crate::daemon::Daemon;
use crate::domain::{Domain, shutdown_reason};
use crate::failure::OrFail as _;
use crate::lifecycle;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(20);
/// The longest part of a line that is matched, in bytes.
const LINE_LIMIT: usize = 64 << 10;

/// Waits for a condition.
pub(super) fn wait(
    daemon: &Daemon,
    name: &str,
    condition: &Condition,
    timeout_ms: Option<u64>,
    connection: &Connection,
) -> Result<Waited> {
    let begin = Instant::now();
    let target = target::find(daemon, name)?;
    let mut look = look_for(daemon, &target, condition)?;
    let limit = timeout_ms.map(Duration::from_millis);
    loop {
        if let Some(detail) = look()? {
            let waited = begin.elapsed().as_millis();
            return Ok(Waited {
                id: target.id.raw(),
                name: target.name.clone(),
                waited_ms: u64::try_from(waited).unwrap_or(u64::MAX),
                detail,
            });
        }
        if limit.is_some_and(|limit| begin.elapsed() >= limit) {
            let seconds = begin.elapsed().as_secs();
            let name = &target.name;
            let message = format!(
                "{name}: it did not come true in {seconds} s: ringctl explain {name} may say why"
            );
            return Err(Failure::new(Kind::TimedOut, message));
        }
        if connection.is_gone() {
            return Err(Failure::new(Kind::Failed, "the client is gone"));
        }
        thread::sleep(LOOK);
    }
}

type Look<'a> = Box<dyn FnMut() -> Result<Option<String>> + 'a>;

/// What looks whether the condition is true; its answer is a detail to show.
fn look_for<'a>(daemon: &'a Daemon, target: &'a Target, condition: &Condition) -> Result<Look<'a>> {
    Ok(match condition {
        Condition::Running => Box::new(|| running(daemon, target)),
        Condition::Network => Box::new(|| network(daemon, target)),
        Condition::Shutdown => Box::new(|| shutdown(daemon, target)),
        Condition::Console(expression) => {
            let expression = Regex::new(expression).map_err(|error| {
                Failure::new(
                    Kind::BadInput,
                    format!("{expression:?} is no regular expression: {error}"),
                )
            })?;
            let Some(domain) = &target.kept else {
                let message = format!("the console of {} is not ringd's", target.name);
                return Err(Failure::new(Kind::Refused, message));
            };
            let mut matcher = Matcher::new(expression);
            Box::new(move || {
                // Asked first: what is said between the two is looked at.
                let is_over = is_preserved(daemon, domain)?;
                let found = matcher.look(&domain.console, &target.name)?;
                match (found, is_over) {
                    (None, true) => Err(without(&target.name)),
                    (found, _) => Ok(found),
                }
            })
        }
    })
}

fn gone(target: &Target) -> Failure {
    Failure::new(
        Kind::NotFound,
        format!(
            "{} ended meanwhile: ringctl logs {} may say why",
            target.name, target.name
        ),
    )
}

/// Nothing more will come of its console.
fn without(name: &str) -> Failure {
    let message = format!("{name} ended without such a line: ringctl logs {name} has all of them");
    Failure::new(Kind::NotFound, message)
}

/// Whether it has ended, and is kept as it is. Of one that is restarted the console goes on.
fn is_preserved(daemon: &Daemon, domain: &Domain) -> Result<bool> {
    let record = &domain.record;
    let reason = match daemon.hypervisor.domain_info(record.domain()) {
        Err(error) if error.is(Errno::ESRCH) => None,
        info => shutdown_reason(info.or_fail()?.flags),
    };
    let action = reason.map(|reason| lifecycle::action(&record.guest.on, reason));
    Ok(action == Some(Action::Preserve))
}

/// It is not paused, and has run.
fn running(daemon: &Daemon, target: &Target) -> Result<Option<String>> {
    let info = match daemon.hypervisor.domain_info(target.id) {
        Err(error) if error.is(Errno::ESRCH) => return Err(gone(target)),
        info => info.or_fail()?,
    };
    let ends = DomainFlags::SHUTDOWN | DomainFlags::DYING;
    if info.flags.intersects(ends) {
        return Err(gone(target));
    }
    let runs = !info.flags.contains(DomainFlags::PAUSED) && info.cpu_time > 0;
    Ok(runs.then(String::new))
}

/// It has a card that works and an address.
fn network(daemon: &Daemon, target: &Target) -> Result<Option<String>> {
    if running(daemon, target)?.is_none() {
        return Ok(None);
    }
    let nets = devices::nets(daemon, target.id)?;
    if nets.is_empty() {
        let message = format!(
            "{} has no network card: ringctl net attach gives it one",
            target.name
        );
        return Err(Failure::new(Kind::NotFound, message));
    }
    let mut ready = nets
        .into_iter()
        .filter(|net| net.back == DeviceState::Connected);
    Ok(ready.find_map(|net| net.ip))
}

/// It has ended.
fn shutdown(daemon: &Daemon, target: &Target) -> Result<Option<String>> {
    match daemon.hypervisor.domain_info(target.id) {
        Err(error) if error.is(Errno::ESRCH) => Ok(Some("gone".to_owned())),
        Err(error) => Err(error).or_fail(),
        Ok(info) if info.flags.contains(DomainFlags::DYING) => Ok(Some("gone".to_owned())),
        Ok(info) => Ok(shutdown_reason(info.flags).map(|reason| reason.name().to_owned())),
    }
}

/// Looks for a line in what a console said and says.
struct Matcher {
    expression: Regex,
    place: u64,
    line: Vec<u8>,
}

impl Matcher {
    fn new(expression: Regex) -> Self {
        Self {
            expression,
            place: 0,
            line: Vec::new(),
        }
    }

    fn look(&mut self, console: &Console, name: &str) -> Result<Option<String>> {
        let (bytes, next, ended) = console.since(self.place, Duration::ZERO);
        self.place = next;
        if let Some(line) = self.feed(&bytes) {
            return Ok(Some(line));
        }
        match ended {
            true => Err(without(name)),
            false => Ok(None),
        }
    }

    /// Takes bytes; the first line that matches. One without an end counts: a prompt has none.
    fn feed(&mut self, bytes: &[u8]) -> Option<String> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            let text = String::from_utf8_lossy(&self.line);
            let text = text.trim_end_matches(['\n', '\r']);
            if self.expression.is_match(text) {
                return Some(text.to_owned());
            }
            if part.ends_with(b"\n") || self.line.len() > LINE_LIMIT {
                self.line.clear();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_match_whole_and_in_part() {
        for (expression, chunks, expected) in [
            (
                "login: $",
                &["Debian\r\nweb lo", "gin: "][..],
                Some("web login: "),
            ),
            ("^b$", &["a\nb", "c\n"][..], Some("b")),
            ("^c$", &["a\nb", "c\n"][..], None),
            ("two", &["one\n", "two\n", "two again\n"][..], Some("two")),
        ] {
            let mut matcher = Matcher::new(Regex::new(expression).unwrap());
            let found = chunks
                .iter()
                .find_map(|chunk| matcher.feed(chunk.as_bytes()));
            assert_eq!(found.as_deref(), expected, "{expression}");
        }
    }
}
