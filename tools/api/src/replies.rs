//! What `ringctl COMMAND --json` prints, by command: one table for `schema.json` and for checks.

use ringwall_guestfile::Guest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Changed, Check, Created, DiskInfo, Event, Explanation, Failure, Info, LogLine, MemoryInfo,
    NetInfo, Sample, StoreChange, StoreNode, Summary, VcpuInfo, Waited,
};

/// Calls a macro with each command and the type of its reply. Commands that print a value for each line say so.
macro_rules! replies {
    ($call:ident) => {
        $call! {
            "create" => Created,
            "create --dry-run" => Guest,
            "list" => Vec<Summary>,
            "info" => Info,
            "destroy" => Vec<Changed>,
            "shutdown" => Vec<Changed>,
            "reboot" => Vec<Changed>,
            "pause" => Vec<Changed>,
            "unpause" => Vec<Changed>,
            "logs (each line)" => LogLine,
            "wait" => Waited,
            "vcpu list" => Vec<VcpuInfo>,
            "vcpu pin" => Vec<VcpuInfo>,
            "vcpu set" => Vec<VcpuInfo>,
            "memory set" => MemoryInfo,
            "memory max" => MemoryInfo,
            "disk list" => Vec<DiskInfo>,
            "disk attach" => DiskInfo,
            "disk detach" => DiskInfo,
            "net list" => Vec<NetInfo>,
            "net attach" => NetInfo,
            "net detach" => NetInfo,
            "dmesg" => Vec<String>,
            "top (each line)" => Sample,
            "rename" => Changed,
            "sysrq" => Changed,
            "dump-core" => Changed,
            "store ls" => Vec<StoreNode>,
            "store read" => StoreNode,
            "store write" => StoreNode,
            "store rm" => (),
            "store watch (each line)" => StoreChange,
            "check" => Check,
            "explain" => Explanation,
            "events (each line)" => Event,
            "(any that fails, on standard error)" => Failure,
        }
    };
}
#[cfg(test)]
pub(crate) use replies;

/// Whether a value is what `ringctl --json` prints for this command, named as in `schema.json`: it has all that
/// belongs there, and nothing else.
///
/// # Errors
/// One line: there is no such command, or what is wrong with the value.
pub fn check_reply(command: &str, value: &Value) -> Result<(), String> {
    macro_rules! by_name {
        ($($name:literal => $type:ty,)*) => {
            match command {
                $($name => round_trip::<$type>(value),)*
                _ => Err(format!("there is no command {command:?}")),
            }
        };
    }
    replies!(by_name)
}

fn round_trip<T: Serialize + DeserializeOwned>(value: &Value) -> Result<(), String> {
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let again = serde_json::to_value(typed).map_err(|error| error.to_string())?;
    match again == *value {
        true => Ok(()),
        false => Err(format!("{value} has more than {again}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn replies_have_all_and_nothing_else() {
        for (command, value, is_good) in [
            ("create", json!({"id": 1, "name": "a"}), true),
            ("create", json!({"id": 1}), false),
            ("create", json!({"id": 1, "name": "a", "more": 1}), false),
            ("store rm", json!(null), true),
            ("list", json!([]), true),
            ("list", json!({}), false),
            ("none", json!(null), false),
        ] {
            let checked = check_reply(command, &value);
            assert_eq!(checked.is_ok(), is_good, "{command} {value}: {checked:?}");
        }
    }
}
