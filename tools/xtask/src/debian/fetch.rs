//! Packages that are unpacked into the cache, not installed: what runs in the guest.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use flate2::bufread::GzDecoder;

use super::install;
use crate::{paths, progress, shell};

/// The package that depends on Debian's current kernel.
const KERNEL: &str = "linux-image-amd64";
/// The one that depends on its kernel for virtual machines.
const CLOUD_KERNEL: &str = "linux-image-cloud-amd64";
/// The hypervisor that Ringwall is measured against.
const XEN: &str = "xen-hypervisor-4.17-amd64";
/// The guest's user space.
const BUSYBOX: &str = "busybox-static";

/// An unpacked kernel.
pub(crate) struct Kernel {
    /// The bzImage.
    pub(crate) image: PathBuf,
    /// `lib/modules/VERSION`.
    pub(crate) modules: PathBuf,
}

/// Debian's current kernel.
pub(crate) fn kernel() -> Result<Kernel> {
    kernel_of(KERNEL)
}

/// Debian's current kernel for virtual machines, which is smaller.
pub(crate) fn cloud_kernel() -> Result<Kernel> {
    kernel_of(CLOUD_KERNEL)
}

fn kernel_of(package: &str) -> Result<Kernel> {
    let directory = unpacked(package, |_| dependency(package, "linux-image-"))?;
    let image = only_entry(&directory.join("boot"), "vmlinuz-")?;
    let modules = [
        directory.join("lib/modules"),
        directory.join("usr/lib/modules"),
    ]
    .iter()
    .find_map(|modules| only_entry(modules, "").ok())
    .context("the kernel package has no modules")?;
    Ok(Kernel { image, modules })
}

/// The static busybox.
pub(crate) fn busybox() -> Result<PathBuf> {
    let directory = unpacked(BUSYBOX, |package| Ok(package.to_owned()))?;
    let candidates = ["bin/busybox", "usr/bin/busybox"].map(|file| directory.join(file));
    candidates
        .into_iter()
        .find(|file| file.is_file())
        .context("no busybox in its package")
}

/// The content of the package of this name.
pub(crate) fn package(name: &str) -> Result<PathBuf> {
    unpacked(name, |package| Ok(package.to_owned()))
}

/// Xen 4.17, decompressed to the ELF32 that QEMU loads.
pub(crate) fn xen() -> Result<PathBuf> {
    let directory = unpacked(XEN, |package| Ok(package.to_owned()))?;
    let image = directory.join("xen");
    if !image.exists() {
        let compressed = directory.join("boot/xen-4.17-amd64.gz");
        let file = File::open(&compressed).context("Xen's image is not in its package")?;
        let partial = directory.join("xen.partial");
        io::copy(
            &mut GzDecoder::new(BufReader::new(file)),
            &mut File::create(&partial)?,
        )?;
        fs::rename(partial, &image)?;
    }
    Ok(image)
}

/// The cache's directory with the content of `package`; `resolve` names what to download.
fn unpacked(package: &str, resolve: impl Fn(&str) -> Result<String>) -> Result<PathBuf> {
    let directory = paths::cache().join(package);
    if directory.exists() {
        return Ok(directory);
    }
    for tool in ["apt-get", "dpkg-deb"] {
        ensure!(
            shell::find(tool).is_some(),
            "{package} has to be fetched by {tool}, which this machine lacks: give --kernel and \
             --initrd, or use a Debian system"
        );
    }
    progress::step(&format!("Fetching {package}"), || {
        let attempt = || download(&resolve(package)?, &directory);
        // Package lists that are missing or old name what is not there.
        attempt().or_else(|first| match install::update() {
            Ok(()) => attempt(),
            Err(_) => Err(first),
        })
    })
    .with_context(|| format!("can't fetch Debian's {package}"))?;
    Ok(directory)
}

fn download(package: &str, directory: &Path) -> Result<()> {
    fs::create_dir_all(paths::cache())?;
    // In the cache's own file system, so that the last step is one rename.
    let work = tempfile::tempdir_in(paths::cache())?;
    let mut apt = Command::new("apt-get");
    apt.args([
        "download",
        "--quiet",
        "-o",
        "APT::Sandbox::User=root",
        package,
    ]);
    shell::output(apt.current_dir(work.path()))?;
    let archive = only_entry(work.path(), package)?;
    let content = work.path().join("content");
    shell::output(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&archive)
            .arg(&content),
    )?;
    fs::rename(&content, directory).context("can't put the package into the cache")
}

/// The dependency of `package` whose name starts with `prefix`.
fn dependency(package: &str, prefix: &str) -> Result<String> {
    let list = shell::output(Command::new("apt-cache").args(["depends", package]))?;
    list.lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .with_context(|| format!("{package} depends on no {prefix}*"))
}

/// The one entry of `directory` whose name starts with `prefix`.
fn only_entry(directory: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut matching = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path());
    match (matching.next(), matching.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) => bail!("no {prefix}* in {}", directory.display()),
        (Some(_), Some(_)) => bail!("more than one {prefix}* in {}", directory.display()),
    }
}
