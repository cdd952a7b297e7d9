//! dom0's initrd: busybox, an `/init`, and the kernel modules that a dom0 needs.

mod archive;
mod modules;
pub(crate) mod toolstack;
pub(crate) mod xen_tools;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::debian::{self, Kernel};
use crate::{paths, progress};
use archive::Archive;

/// The first program of the guest.
const INIT: &str = include_str!("init.sh");
/// The command `drivers`.
const DRIVERS: &str = include_str!("drivers.sh");
/// Counts up when the archive is made otherwise from the same input.
const GENERATION: u32 = 2;

/// The initrd for `kernel`, made anew only where its ingredients changed.
pub(crate) fn make(kernel: &Kernel) -> Result<PathBuf> {
    let busybox = debian::busybox()?;
    let release = kernel
        .modules
        .file_name()
        .context("modules have no release")?;
    let stamp = digest(&(
        GENERATION,
        INIT,
        DRIVERS,
        release,
        modules::WANTED,
        modified(&busybox)?,
    ));
    let file = paths::cache().join(format!("initrd-{stamp:016x}.gz"));
    if !file.exists() {
        progress::step("Making dom0's initrd", || {
            let partial = file.with_extension("partial");
            fs::write(&partial, content(kernel, &busybox)?)?;
            Ok(fs::rename(partial, &file)?)
        })?;
    }
    Ok(file)
}

/// What an initrd of ours does when `/ringwall/commands` exists: run it, and frame its output.
pub(crate) struct Job<'a> {
    /// Shell commands.
    pub(crate) commands: &'a str,
    /// What the frame's lines contain.
    pub(crate) marker: &'a str,
    /// What the commands find in `/ringwall/bin`.
    pub(crate) programs: &'a [Program],
}

/// A static program for the guest.
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// A file for the guest.
pub(crate) struct Extra {
    /// Its path there, without the first slash.
    pub(crate) path: String,
    /// Its mode's low nine bits.
    pub(crate) permissions: u32,
    pub(crate) content: Vec<u8>,
}

/// Appends files to an initrd.
pub(crate) fn with_files(initrd: &Path, files: &[Extra], into: &Path) -> Result<()> {
    let mut archive = Archive::new();
    for file in files {
        archive.file(&file.path, file.permissions, &file.content)?;
    }
    append(initrd, &archive.compressed()?, into)
}

/// Appends another archive to an initrd: Linux takes concatenated archives. Both files may be the same.
pub(crate) fn append(initrd: &Path, archive: &[u8], into: &Path) -> Result<()> {
    let mut bytes = fs::read(initrd).with_context(|| initrd.display().to_string())?;
    // Archives start at a multiple of four bytes when the one before is not compressed.
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend_from_slice(archive);
    Ok(fs::write(into, bytes)?)
}

/// Appends the job to an initrd.
pub(crate) fn with_job(initrd: &Path, job: &Job<'_>, into: &Path) -> Result<()> {
    let mut archive = Archive::new();
    archive.directory("ringwall")?;
    archive.file("ringwall/commands", 0o644, job.commands.as_bytes())?;
    archive.file("ringwall/marker", 0o644, job.marker.as_bytes())?;
    for program in job.programs {
        archive.file(
            &format!("ringwall/bin/{}", program.name),
            0o755,
            &program.content,
        )?;
    }
    append(initrd, &archive.compressed()?, into)
}

fn content(kernel: &Kernel, busybox: &Path) -> Result<Vec<u8>> {
    let mut archive = Archive::new();
    for directory in [
        "bin", "dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp",
    ] {
        archive.directory(directory)?;
    }
    archive.file("bin/busybox", 0o755, &fs::read(busybox)?)?;
    archive.link("bin/sh", "busybox")?;
    archive.file("init", 0o755, INIT.as_bytes())?;
    archive.file("bin/drivers", 0o755, DRIVERS.as_bytes())?;
    archive.console("dev/console")?;
    modules::add(&mut archive, &kernel.modules, modules::WANTED)?;
    archive.compressed()
}

fn modified(file: &Path) -> Result<std::time::SystemTime> {
    Ok(fs::metadata(file)?.modified()?)
}

/// A number that changes with the value.
pub(crate) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
