//! What each command does: one request to ringd, and its reply printed.

mod check;
mod completions;
mod console;
mod create;
mod device;
mod domain;
mod explain;
mod store;
mod stream;

use std::path::PathBuf;

use ringwall_api::{Client, Request, Result, typed};
use serde::de::DeserializeOwned;

use crate::cli::{Cli, Command, MemoryCommand, StoreCommand};
use crate::output::Output;
use crate::top;

/// Where ringd is, and how to print.
pub(crate) struct Session<'a> {
    pub(crate) socket: PathBuf,
    pub(crate) output: &'a Output,
}

impl Session<'_> {
    /// Asks, and prints the reply: as JSON as it came, or as `show` has it.
    fn show<T: DeserializeOwned>(
        &self,
        request: Request,
        show: impl FnOnce(&Output, T) -> Result<()>,
    ) -> Result<u8> {
        let reply = Client::ask(&self.socket, request)?.reply()?;
        match self.output.json {
            true => self.output.json(&reply)?,
            false => show(self.output, typed(reply)?)?,
        }
        Ok(0)
    }

    /// Asks, and prints each item of the answer.
    fn stream<T: DeserializeOwned>(
        &self,
        request: Request,
        show: impl Fn(&Output, T) -> Result<()>,
    ) -> Result<u8> {
        let mut client = Client::ask(&self.socket, request)?;
        client.stream(&mut |item| match self.output.json {
            // One line each, also on a terminal.
            true => self.output.line(&item.to_string()),
            false => show(self.output, typed(item)?),
        })?;
        Ok(0)
    }
}

/// Does what the command line says; the result is the exit status.
pub(crate) fn run(cli: Cli, output: &Output) -> Result<u8> {
    let session = Session {
        socket: cli.socket.unwrap_or_else(Client::socket),
        output,
    };
    match cli.command {
        Command::Create(create) => create::run(&session, create),
        Command::List => domain::list(&session),
        Command::Info { domain } => domain::info(&session, domain),
        Command::Destroy(which) => {
            let which = which.into();
            session.show(Request::Destroy { which }, domain::changed_all)
        }
        Command::Shutdown(end) => domain::end(&session, end, ringwall_api::Ending::Poweroff),
        Command::Reboot(end) => domain::end(&session, end, ringwall_api::Ending::Reboot),
        Command::Pause(which) => {
            let which = which.into();
            session.show(Request::Pause { which }, domain::changed_all)
        }
        Command::Unpause(which) => {
            let which = which.into();
            session.show(Request::Unpause { which }, domain::changed_all)
        }
        Command::Console { domain } => console::attach(&session, domain),
        Command::Logs {
            domain,
            follow,
            since,
            timestamps,
        } => stream::logs(&session, domain, follow, since, timestamps),
        Command::Wait {
            domain,
            condition,
            timeout,
        } => domain::wait(&session, domain, condition, timeout),
        Command::Vcpu(command) => device::vcpu(&session, command),
        Command::Memory(MemoryCommand::Set { domain, size: kib }) => {
            session.show(Request::MemorySet { domain, kib }, device::memory)
        }
        Command::Memory(MemoryCommand::Max { domain, size: kib }) => {
            session.show(Request::MemoryMax { domain, kib }, device::memory)
        }
        Command::Disk(command) => device::disk(&session, command),
        Command::Net(command) => device::net(&session, command),
        Command::Dmesg => session.show(Request::Dmesg, stream::lines),
        Command::Top {
            show,
            interval,
            iterations,
        } => top::run(&session, show, interval, iterations),
        Command::Rename { domain, name } => {
            session.show(Request::Rename { domain, name }, domain::changed)
        }
        Command::Sysrq { domain, key } => {
            session.show(Request::Sysrq { domain, key }, domain::changed)
        }
        Command::DumpCore { domain, file } => {
            let file = std::path::absolute(file)?.display().to_string();
            session.show(Request::DumpCore { domain, file }, domain::changed)
        }
        Command::Store(command) => store::run(&session, command),
        Command::Check { file, overrides } => check::run(output, &file, &overrides),
        Command::Explain { domain } => session.show(Request::Explain { domain }, explain::show),
        Command::Completions { shell } => completions::run(output, shell),
        Command::Events { follow } => stream::events(&session, follow),
    }
}

impl From<StoreCommand> for Request {
    fn from(command: StoreCommand) -> Self {
        match command {
            StoreCommand::Ls { path, recursive } => Self::StoreList { path, recursive },
            StoreCommand::Read { path } => Self::StoreRead { path },
            StoreCommand::Write { path, value } => Self::StoreWrite { path, value },
            StoreCommand::Rm { path } => Self::StoreRemove { path },
            StoreCommand::Watch { path } => Self::StoreWatch { path },
        }
    }
}
