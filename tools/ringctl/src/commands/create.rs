//! `create`.

use std::path::PathBuf;

use ringwall_api::{Client, Created, Failure, Kind, Request, Result, Which, typed};
use ringwall_guestfile::{Guest, Source};

use super::{Session, console};
use crate::cli::Create;

/// Reads the guest file and has the domain created.
pub(super) fn run(session: &Session<'_>, create: Create) -> Result<u8> {
    let guest = read(session, &create)?;
    if create.dry_run {
        return dry_run(session, &guest);
    }
    // A console is attached before the first byte: also that of a guest which ends at once.
    let request = Request::Create {
        guest: Box::new(guest),
        paused: create.paused || create.console,
    };
    let reply = Client::ask(&session.socket, request)?.reply()?;
    let created: Created = typed(reply.clone())?;
    match (session.output.json, create.console) {
        (true, _) => session.output.json(&reply)?,
        (false, true) => {}
        (false, false) => {
            let (id, name) = (created.id, &created.name);
            session
                .output
                .line(&format!("created {name}, domain {id}"))?;
        }
    }
    if !create.console {
        return Ok(0);
    }
    let domain = created.id.to_string();
    console::attach_and(session, domain.clone(), || {
        if create.paused {
            return Ok(());
        }
        let which = Which::Domains(vec![domain]);
        Client::ask(&session.socket, Request::Unpause { which })?.reply()?;
        Ok(())
    })
}

/// The guest that the file and the command line describe, its files by absolute names.
fn read(session: &Session<'_>, create: &Create) -> Result<Guest> {
    let bad =
        |problem: ringwall_guestfile::Problem| Failure::new(Kind::BadInput, problem.to_string());
    let source = Source::open(&create.file).map_err(bad)?;
    let parsed = source.read(&create.overrides).map_err(bad)?;
    for warning in &parsed.warnings {
        session.output.warning(warning);
    }
    let mut guest = parsed.guest;
    // ringd runs in another directory.
    let absolute = |path: &mut PathBuf| -> Result<()> {
        *path = std::path::absolute(&*path)?;
        Ok(())
    };
    absolute(&mut guest.kernel)?;
    guest.ramdisk.as_mut().map(absolute).transpose()?;
    for disk in &mut guest.disks {
        absolute(&mut disk.path)?;
    }
    Ok(guest)
}

/// Prints the guest, and says what would fail already now.
fn dry_run(session: &Session<'_>, guest: &Guest) -> Result<u8> {
    for disk in &guest.disks {
        exists("disk", &disk.path)?;
    }
    let check = super::check::check(guest)?;
    if let Some(problem) = check.problems.first() {
        return Err(Failure::new(Kind::BadInput, problem.clone()));
    }
    let value = serde_json::to_value(guest)
        .map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
    if session.output.json {
        session.output.json(&value)?;
        return Ok(0);
    }
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    session.output.line(&text)?;
    Ok(0)
}

fn exists(what: &str, path: &std::path::Path) -> Result<()> {
    std::fs::metadata(path).map(drop).map_err(|error| {
        let message = format!("the {what} {} can't be used: {error}", path.display());
        Failure::new(Kind::BadInput, message)
    })
}
