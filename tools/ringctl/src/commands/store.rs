//! `store`.

use ringwall_api::{Result, StoreChange, StoreNode};
use serde_json::Value;

use super::Session;
use crate::cli::StoreCommand;
use crate::output::Output;

pub(super) fn run(session: &Session<'_>, command: StoreCommand) -> Result<u8> {
    match &command {
        StoreCommand::Ls { .. } => session.show(command.into(), |output, nodes: Vec<StoreNode>| {
            nodes
                .into_iter()
                .try_for_each(|node| output.line(&format!("{} = {:?}", node.path, node.value)))
        }),
        StoreCommand::Read { .. } => session.show(command.into(), |output, node: StoreNode| {
            output.line(&output.foreign(&node.value))
        }),
        StoreCommand::Write { .. } => {
            session.show(command.into(), |_: &Output, _: StoreNode| Ok(()))
        }
        StoreCommand::Rm { .. } => session.show(command.into(), |_: &Output, _: Value| Ok(())),
        StoreCommand::Watch { .. } => {
            session.stream(command.into(), |output, change: StoreChange| {
                match change.value {
                    Some(value) => output.line(&format!("{} = {value:?}", change.path)),
                    None => output.line(&format!("{} (absent)", change.path)),
                }
            })
        }
    }
}
