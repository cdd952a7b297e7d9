//! Modules of dom0's kernel.

use std::path::Path;
use std::process::Command;

use crate::Error;

/// Those that serve disks.
pub const DISKS: &[&str] = &["loop", "xen_blkback"];
/// Those that serve network cards.
pub const CARDS: &[&str] = &["bridge", "xen_netback"];

/// Loads modules, unless they are there or built in. Nobody else does: Linux asks for a driver of a back end
/// by an event that needs udev.
///
/// # Errors
/// [`Error::Module`], with what modprobe says.
pub fn load(modules: &[&'static str]) -> Result<(), Error> {
    modules.iter().try_for_each(|module| load_one(module))
}

fn load_one(module: &'static str) -> Result<(), Error> {
    if Path::new("/sys/module").join(module).exists() {
        return Ok(());
    }
    let fail = |reason| Error::Module { module, reason };
    let output = Command::new("modprobe").arg(module).output();
    let output = output.map_err(|error| fail(format!("modprobe can't be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().map(|line| line.trim().to_owned());
    Err(fail(first.unwrap_or_else(|| {
        "modprobe fails and does not say why".to_owned()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_none_is_named() {
        let error = load(&["ringwall_none"]).unwrap_err().to_string();
        assert!(
            error.starts_with("dom0's kernel can't load ringwall_none: "),
            "{error}"
        );
    }
}
