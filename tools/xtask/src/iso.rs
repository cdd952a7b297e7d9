//! A disc that boots through GRUB by multiboot 2.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Need};
use crate::qemu::{Boot, Hypervisor};
use crate::{build, initrd, paths, progress, shell};

/// What this machine needs to make a disc.
pub(crate) const NEEDS: &[Need] = &[
    Need::program("grub-common", "grub-mkrescue"),
    Need::file("grub-pc-bin", "/usr/lib/grub/i386-pc/multiboot2.mod"),
    Need::program("xorriso", "xorriso"),
    Need::program("mtools", "mformat"),
];

/// Makes the disc that `cargo xtask iso` leaves, with Debian's kernel as dom0.
pub(crate) fn build() -> Result<PathBuf> {
    debian::install(NEEDS)?;
    let image = build::build(build::Verbosity::Normal)?;
    let kernel = debian::kernel()?;
    let boot = Boot {
        initrd: Some(initrd::make(&kernel)?),
        kernel: Some(kernel.image),
        ..Boot::new(Hypervisor::Image(image))
    };
    let disc = paths::output().join("ringwall.iso");
    make(&boot, &disc)?;
    println!("{}", disc.display());
    Ok(disc)
}

/// Makes a disc that boots as `boot` says.
pub(crate) fn make(boot: &Boot, disc: &Path) -> Result<()> {
    let Hypervisor::Image(image) = &boot.hypervisor else {
        bail!("a disc takes a hypervisor");
    };
    let work = tempfile::tempdir_in(paths::output())?;
    let content = work.path().join("boot");
    fs::create_dir_all(content.join("grub"))?;
    fs::copy(image, content.join("hypervisor"))?;
    let mut modules = String::new();
    let line = boot.kernel_line();
    let files = [
        ("vmlinuz", &boot.kernel, line.as_str()),
        ("initrd", &boot.initrd, ""),
    ];
    for (name, file, arguments) in files {
        if let Some(file) = file {
            fs::copy(file, content.join(name)).with_context(|| file.display().to_string())?;
            modules.push_str(&format!("    module2 --nounzip /boot/{name} {arguments}\n"));
        }
    }
    fs::write(
        content.join("grub/grub.cfg"),
        menu(&boot.hypervisor_line(), &modules),
    )?;
    progress::step("Making the disc", || {
        let mut grub = Command::new("grub-mkrescue");
        // One platform is enough, and small.
        grub.args(["-d", "/usr/lib/grub/i386-pc", "-o"])
            .arg(disc)
            .arg(work.path());
        shell::output(&mut grub).map(drop)
    })
}

fn menu(hypervisor_line: &str, modules: &str) -> String {
    format!(
        "serial --unit=0 --speed=115200\n\
         terminal_input serial console\n\
         terminal_output serial console\n\
         set timeout=0\n\
         menuentry Ringwall {{\n    \
             multiboot2 /boot/hypervisor {hypervisor_line}\n\
             {modules}\
         }}\n"
    )
}
