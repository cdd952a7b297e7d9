//! Where things lie.

use std::path::{Path, PathBuf};

/// The workspace's root: two levels above this crate.
pub(crate) fn root() -> PathBuf {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_directory
        .ancestors()
        .nth(2)
        .unwrap_or(crate_directory)
        .to_path_buf()
}

/// Cargo's target directory: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What the commands leave for the user.
pub(crate) fn output() -> PathBuf {
    target().join("ringwall")
}

/// What was fetched or made once and is used again.
pub(crate) fn cache() -> PathBuf {
    output().join("cache")
}

/// The serial output of the last run.
pub(crate) fn last_log() -> PathBuf {
    output().join("last-run.log")
}
