//! Consoles, logs and events: what goes on for a while.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ringwall_api::{Failure, Kind, LogLine, Result};
use serde_json::Value;

use super::connection::Connection;
use super::target;
use crate::console::{Console, LogReader};
use crate::daemon::Daemon;

/// How long a wait may last before is looked whether the client is gone.
const PATIENCE: Duration = Duration::from_millis(500);

/// Attaches a client to a console.
pub(super) fn console(daemon: &Daemon, name: &str, connection: &mut Connection) -> Result<Value> {
    let target = target::find(daemon, name)?;
    let Some(domain) = target.kept else {
        let message = format!("the console of {} is not ringd's to show", target.name);
        return Err(Failure::new(Kind::Refused, message));
    };
    let console = domain.console;
    let _attached = console.attach();
    let ahead = connection.read_ahead();
    let mut output = connection.turn_raw()?;
    let input = output.try_clone()?;
    let (typist, consoles) = (Arc::clone(&console), Arc::clone(&daemon.consoles));
    let registry_id = domain.record.id;
    // It ends when the client does, or when the stream is shut down below.
    let typing = thread::Builder::new().name("keys".into()).spawn(move || {
        type_in(&typist, &ahead, &|| consoles.hand_input(registry_id));
        let mut keys = [0; 512];
        while let Ok(length) = (&input).read(&mut keys) {
            if length == 0 {
                break;
            }
            let typed = keys.get(..length).unwrap_or_default();
            type_in(&typist, typed, &|| consoles.hand_input(registry_id));
        }
    })?;
    let mut place = 0;
    loop {
        let (bytes, next, ended) = console.since(place, PATIENCE);
        if !bytes.is_empty() && output.write_all(&bytes).is_err() {
            break;
        }
        place = next;
        if ended || connection.is_hung_up() {
            break;
        }
    }
    let _ = connection.shutdown(Shutdown::Both);
    let _ = typing.join();
    Ok(Value::Null)
}

/// Queues keys; a domain that does not read them loses what does not fit.
fn type_in(console: &Console, keys: &[u8], hand: &dyn Fn()) {
    let mut rest = keys;
    for _ in 0..100 {
        let taken = console.type_in(rest);
        hand();
        rest = rest.get(taken..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends the lines of a console, also of a domain that is gone.
pub(super) fn logs(
    daemon: &Daemon,
    name: &str,
    follow: bool,
    since_ms: Option<u64>,
    connection: &Connection,
) -> Result<Value> {
    let kept = daemon.registry.find(name).ok();
    let path = match &kept {
        Some(domain) => daemon.log_path(&domain.record.name),
        None => {
            // A name of a domain that was; nothing else makes a file's name.
            ringwall_guestfile::Guest::check_name(name)
                .map_err(|_| crate::registry::absent(name))?;
            daemon.log_path(name)
        }
    };
    let mut reader = LogReader::open(&path).map_err(|_| {
        let message =
            format!("there is no log of {name}: ringctl list shows the domains that are there");
        Failure::new(Kind::NotFound, message)
    })?;
    let send = |line: crate::console::Line| {
        if since_ms.is_some_and(|since| line.time_ms < since) {
            return Ok(());
        }
        connection.item(&LogLine {
            time_ms: line.time_ms,
            text: line.text,
        })
    };
    loop {
        let ended = kept
            .as_ref()
            .is_none_or(|domain| domain.console.has_ended());
        while let Some(line) = reader.next()? {
            send(line)?;
        }
        match &kept {
            Some(domain) if follow && !ended => {
                domain.console.wait(PATIENCE);
                if connection.is_gone() {
                    break;
                }
            }
            _ => {
                if let Some(line) = reader.rest() {
                    send(line)?;
                }
                break;
            }
        }
    }
    Ok(Value::Null)
}

/// Sends events.
pub(super) fn events(daemon: &Daemon, follow: bool, connection: &Connection) -> Result<Value> {
    let mut place = 0;
    loop {
        let patience = if follow { PATIENCE } else { Duration::ZERO };
        let (events, next) = daemon.events.since(place, patience);
        for event in &events {
            connection.item(event)?;
        }
        place = next;
        if !follow || connection.is_gone() {
            return Ok(Value::Null);
        }
    }
}
