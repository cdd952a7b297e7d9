//! `console`: the guest's console on this terminal.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use ringwall_api::{Client, Failure, Kind, Request, Result};

use super::Session;
use crate::terminal::RawTerminal;

/// Ctrl-], which detaches.
const DETACH: u8 = 0x1d;

pub(super) fn attach(session: &Session<'_>, domain: String) -> Result<u8> {
    attach_and(session, domain, || Ok(()))
}

/// Attaches, does `then`, and stays until the domain ends or the user detaches.
pub(super) fn attach_and(
    session: &Session<'_>,
    domain: String,
    then: impl FnOnce() -> Result<()>,
) -> Result<u8> {
    let mut client = Client::ask(&session.socket, Request::Console { domain })?;
    client.reply()?;
    let mut from_guest = client.into_stream();
    let to_guest = from_guest.get_ref().try_clone()?;
    then()?;
    let terminal = RawTerminal::enter();
    if terminal.is_terminal() {
        // Not part of what the guest says.
        let _ = write!(io::stderr(), "[Ctrl-] detaches]\r\n");
    }
    // It ends with the process, if not before: a read of the terminal can't be interrupted.
    thread::spawn(move || send_keys(to_guest));
    let mut bytes = [0; 4096];
    let result = loop {
        match from_guest.read(&mut bytes) {
            Ok(0) => break Ok(0),
            Ok(length) => {
                let read = bytes.get(..length).unwrap_or_default();
                if let Err(failure) = session.output.bytes(read) {
                    break Err(failure);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let message = format!("the console was lost: {error}");
                break Err(Failure::new(Kind::Unreachable, message));
            }
        }
    };
    drop(terminal);
    result
}

/// Hands what is typed to the guest, until Ctrl-].
fn send_keys(mut to_guest: UnixStream) {
    let mut keys = [0; 256];
    loop {
        let length = match io::stdin().read(&mut keys) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let typed = keys.get(..length).unwrap_or_default();
        // A script's input ends, and its output goes on.
        if typed.is_empty() {
            let _ = to_guest.shutdown(Shutdown::Write);
            return;
        }
        let before = typed.split(|key| *key == DETACH).next().unwrap_or_default();
        let sent = to_guest.write_all(before);
        if before.len() < typed.len() || sent.is_err() {
            let _ = to_guest.shutdown(Shutdown::Both);
            return;
        }
    }
}
