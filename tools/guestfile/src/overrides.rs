//! `key=value` from a command line.

use std::path::Path;

use crate::fields::{Draft, from_xl, nearest};
use crate::guest::Guest;
use crate::problem::Problem;
use crate::value::{Located, Value};

/// Sets keys over what a file says, in order. A key is one of TOML's (`on.crash`) or of xl's
/// (`on_crash`); `disk+=` and `net+=` add a device, `disk=` and `net=` leave no other; `extra=` adds
/// to the command line. Names of files start from `directory`. Returns the warnings.
///
/// # Errors
/// The first that is not right, by its text.
pub fn apply(
    guest: &mut Guest,
    directory: &Path,
    overrides: &[String],
) -> Result<Vec<String>, Problem> {
    let mut draft = Draft {
        guest: std::mem::take(guest),
        directory: directory.to_path_buf(),
        ..Draft::default()
    };
    let done = overrides
        .iter()
        .try_for_each(|text| apply_one(&mut draft, text).map_err(|problem| problem.of(text)));
    *guest = draft.guest;
    done?;
    let lines = draft.warnings.into_iter().map(|(_, line)| line);
    Ok(lines.collect())
}

fn apply_one(draft: &mut Draft, text: &str) -> Result<(), Problem> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| Problem::new("expected key=value"))?;
    let (key, adds) = match key.strip_suffix('+') {
        Some(key) => (key.trim(), true),
        None => (key.trim(), false),
    };
    let name = from_xl(key).unwrap_or(key);
    match name {
        "disk" if !adds => draft.guest.disks.clear(),
        "net" if !adds => draft.guest.nets.clear(),
        "cmdline" if adds => return extend_command_line(draft, value),
        "extra" => return extend_command_line(draft, value),
        "disk" | "net" => {}
        _ if adds => {
            return Err(Problem::new("only disk, net and cmdline can be added to"));
        }
        _ => {}
    }
    // An empty list leaves no device.
    if matches!(name, "disk" | "net") && value.is_empty() && !adds {
        return Ok(());
    }
    let value = match name {
        // One text for all CPUs, a list in brackets for each.
        "cpus" if value.starts_with('[') => list(value),
        _ => Located::text(value),
    };
    draft.set(name, &value).unwrap_or_else(|| {
        let hint = nearest(name).map_or_else(String::new, |near| format!(": is {near:?} meant?"));
        Err(Problem::new(format!("no key is named {key:?}{hint}")))
    })
}

fn extend_command_line(draft: &mut Draft, value: &str) -> Result<(), Problem> {
    let line = &mut draft.guest.cmdline;
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(value);
    Ok(())
}

/// `[0,1-2]`: one set for each virtual CPU.
fn list(text: &str) -> Located {
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    let parts = inner
        .split(',')
        .map(|part| part.trim().trim_matches(['"', '\'']));
    Located {
        place: None,
        value: Value::List(parts.map(Located::text).collect()),
    }
}
