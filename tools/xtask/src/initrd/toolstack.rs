//! The toolstack for dom0: `ringctl`, `ringd`, and guests that are ready to be created.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::archive::Archive;
use super::modules;
use crate::debian::{self, Kernel};
use crate::{build, paths, progress};

/// What dom0 starts before its shell.
const START: &str = include_str!("toolstack/ringd-start.sh");
/// The Linux guest's first program, and what its DHCP client and its kernel's events call.
const GUEST_INIT: &str = include_str!("toolstack/guest-init.sh");
const GUEST_DHCP: &str = include_str!("toolstack/guest-dhcp.sh");
const GUEST_EVENT: &str = include_str!("toolstack/guest-event.sh");
/// The guest files.
const LINUX: &str = include_str!("toolstack/linux.toml");
const HELLO: &str = include_str!("toolstack/hello.toml");
const HTTP: &str = include_str!("toolstack/http.toml");
/// Modules of the Linux guest.
const GUEST_MODULES: [&str; 3] = ["xen_blkfront", "xen_netfront", "af_packet"];
/// Counts up when the guest's initrd is made otherwise from the same input.
const GENERATION: u32 = 2;

/// The archive, to be appended to dom0's initrd. The programs are as the sources are.
pub(crate) fn make() -> Result<Vec<u8>> {
    let programs = build::tools(&["ringctl", "ringd"])?;
    let hello = fs::read(build::guest("hello")?)?;
    let http = fs::read(build::guest("http")?)?;
    let kernel = debian::cloud_kernel()?;
    let guest = guest_initrd(&kernel)?;
    let stamp = super::digest(&(
        START,
        LINUX,
        HELLO,
        HTTP,
        &hello,
        &http,
        &guest,
        programs
            .iter()
            .map(|program| &program.content)
            .collect::<Vec<_>>(),
    ));
    let file = paths::cache().join(format!("toolstack-{stamp:016x}.gz"));
    if !file.exists() {
        remove_older(&paths::cache())?;
        progress::step("Packing the toolstack", || {
            let mut archive = Archive::new();
            for program in &programs {
                archive.file(&format!("bin/{}", program.name), 0o755, &program.content)?;
            }
            archive.file("bin/ringd-start", 0o755, START.as_bytes())?;
            archive.file("guests/linux.toml", 0o644, LINUX.as_bytes())?;
            archive.file("guests/linux/vmlinuz", 0o644, &fs::read(&kernel.image)?)?;
            archive.file("guests/linux/initrd.gz", 0o644, &guest)?;
            archive.file("guests/hello.toml", 0o644, HELLO.as_bytes())?;
            archive.file("guests/hello/kernel", 0o644, &hello)?;
            archive.file("guests/http.toml", 0o644, HTTP.as_bytes())?;
            archive.file("guests/http/kernel", 0o644, &http)?;
            let partial = file.with_extension("partial");
            fs::write(&partial, archive.compressed()?)?;
            Ok(fs::rename(partial, &file)?)
        })?;
    }
    fs::read(&file).with_context(|| file.display().to_string())
}

/// The Linux guest's initrd: busybox, and the drivers of its devices.
pub(crate) fn guest_initrd(kernel: &Kernel) -> Result<Vec<u8>> {
    let busybox = debian::busybox()?;
    let release = kernel
        .modules
        .file_name()
        .context("modules have no release")?;
    let stamp = super::digest(&(
        GENERATION,
        GUEST_INIT,
        GUEST_DHCP,
        GUEST_EVENT,
        GUEST_MODULES,
        release,
    ));
    let file = paths::cache().join(format!("guest-{stamp:016x}.gz"));
    if !file.exists() {
        let mut archive = Archive::new();
        for directory in [
            "bin", "dev", "etc", "mnt", "proc", "root", "sbin", "sys", "tmp",
        ] {
            archive.directory(directory)?;
        }
        // What the kernel runs when the toolstack asks it to end.
        for program in ["poweroff", "reboot"] {
            archive.link(&format!("sbin/{program}"), "../bin/busybox")?;
        }
        archive.file("bin/busybox", 0o755, &fs::read(&busybox)?)?;
        archive.link("bin/sh", "busybox")?;
        archive.file("init", 0o755, GUEST_INIT.as_bytes())?;
        archive.file("bin/dhcp-event", 0o755, GUEST_DHCP.as_bytes())?;
        archive.file("bin/device-event", 0o755, GUEST_EVENT.as_bytes())?;
        archive.console("dev/console")?;
        modules::add(&mut archive, &kernel.modules, &GUEST_MODULES)?;
        let partial = file.with_extension("partial");
        fs::write(&partial, archive.compressed()?)?;
        fs::rename(partial, &file)?;
    }
    fs::read(&file).with_context(|| file.display().to_string())
}

/// Removes what was packed from older sources.
fn remove_older(cache: &Path) -> Result<()> {
    for entry in fs::read_dir(cache)?.flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("toolstack-")
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
