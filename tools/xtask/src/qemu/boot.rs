//! What to boot, as QEMU's command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

/// What runs in ring 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hypervisor {
    /// A multiboot image.
    Image(PathBuf),
    /// The kernel itself.
    None,
}

/// A machine and what it boots.
#[derive(Clone, Debug)]
pub(crate) struct Boot {
    pub(crate) hypervisor: Hypervisor,
    pub(crate) kernel: Option<PathBuf>,
    pub(crate) initrd: Option<PathBuf>,
    /// Added to the hypervisor's command line.
    pub(crate) append: String,
    /// Added to the kernel's.
    pub(crate) dom0_append: String,
    pub(crate) memory_mib: u32,
    pub(crate) cpus: u32,
    pub(crate) cpu: Option<String>,
    pub(crate) machine: String,
    /// Boot this disc in place of the files above, which it holds.
    pub(crate) iso: Option<PathBuf>,
    /// Count instructions: the same run every time.
    pub(crate) icount: bool,
    pub(crate) quiet: bool,
    pub(crate) arguments: Vec<OsString>,
}

impl Boot {
    /// A machine as `cargo xtask run` has it, with nothing to boot but the hypervisor.
    pub(crate) fn new(hypervisor: Hypervisor) -> Self {
        Self {
            hypervisor,
            kernel: None,
            initrd: None,
            append: String::new(),
            dom0_append: String::new(),
            memory_mib: 1024,
            cpus: 1,
            cpu: None,
            machine: "pc".to_owned(),
            iso: None,
            icount: false,
            quiet: false,
            arguments: Vec::new(),
        }
    }

    /// QEMU, ready to start; the console is its standard input and output, and goes to `log`.
    pub(crate) fn command(&self, log: &Path) -> Result<Command> {
        // The kernel ends QEMU if this process ends without having done so.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "tcg"]);
        command.args([
            "-machine",
            &self.machine,
            "-m",
            &self.memory_mib.to_string(),
        ]);
        command.args([
            "-smp",
            &self.cpus.to_string(),
            "-display",
            "none",
            "-no-reboot",
        ]);
        if let Some(cpu) = &self.cpu {
            command.args(["-cpu", cpu]);
        }
        if self.icount {
            command.args(["-icount", "shift=0,sleep=off"]);
            command.args(["-rtc", "base=2020-01-01T00:00:00,clock=vm"]);
        }
        let console = format!("stdio,id=console,mux=on,signal=off,logfile={}", escape(log));
        command.args(["-chardev", &console, "-serial", "chardev:console"]);
        command.args(["-mon", "chardev=console,mode=readline"]);
        self.software(&mut command);
        command.args(&self.arguments);
        Ok(command)
    }

    fn software(&self, command: &mut Command) {
        if let Some(iso) = &self.iso {
            command.arg("-cdrom").arg(iso).args(["-boot", "d"]);
            return;
        }
        match &self.hypervisor {
            Hypervisor::Image(image) => {
                command
                    .arg("-kernel")
                    .arg(image)
                    .args(["-append", &self.hypervisor_line()]);
                let modules = self.modules();
                if !modules.is_empty() {
                    command.args(["-initrd", &modules]);
                }
            }
            Hypervisor::None => {
                for (option, file) in [("-kernel", &self.kernel), ("-initrd", &self.initrd)] {
                    if let Some(file) = file {
                        command.arg(option).arg(file);
                    }
                }
                command.args(["-append", &self.kernel_line()]);
            }
        }
    }

    /// QEMU's list of multiboot modules: `FILE ARGUMENTS,FILE`, commas doubled.
    fn modules(&self) -> String {
        let kernel = self.kernel.iter().map(|kernel| {
            let line = format!("{} {}", kernel.display(), self.kernel_line());
            line.replace(',', ",,")
        });
        let initrd = self.initrd.iter().map(|initrd| escape(initrd));
        kernel.chain(initrd).collect::<Vec<_>>().join(",")
    }

    /// The hypervisor's command line: ours, but for the options that the user gives.
    pub(crate) fn hypervisor_line(&self) -> String {
        let dom0 = self.memory_mib / 2;
        let memory = format!("dom0_mem={dom0}M,max:{dom0}M");
        let given: Vec<&str> = self.append.split_whitespace().map(key).collect();
        let ours = ["console=com1", "com1=115200,8n1", &memory];
        let ours = ours
            .into_iter()
            .filter(|option| !given.contains(&key(option)));
        ours.chain(self.append.split_whitespace())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The kernel's command line.
    pub(crate) fn kernel_line(&self) -> String {
        let console = match self.hypervisor {
            Hypervisor::Image(_) => "hvc0",
            Hypervisor::None => "ttyS0",
        };
        let quiet = if self.quiet { " quiet loglevel=1" } else { "" };
        let line = format!("console={console} panic=1{quiet} {}", self.dom0_append);
        line.trim_end().to_owned()
    }
}

/// The part of an option before `=`.
fn key(option: &str) -> &str {
    option.split_once('=').map_or(option, |(key, _)| key)
}

/// A file's name inside one of QEMU's comma-separated lists.
fn escape(file: &Path) -> String {
    file.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot() -> Boot {
        Boot {
            kernel: Some("vm,linuz".into()),
            initrd: Some("initrd".into()),
            dom0_append: "a=b,c".into(),
            ..Boot::new(Hypervisor::Image("ringwall".into()))
        }
    }

    #[test]
    fn commas_of_modules_are_doubled() {
        let expected = "vm,,linuz console=hvc0 panic=1 a=b,,c,initrd";
        assert_eq!(boot().modules(), expected);
    }

    #[test]
    fn given_options_replace_ours() {
        for (append, expected) in [
            ("", "console=com1 com1=115200,8n1 dom0_mem=512M,max:512M"),
            ("dom0_mem=1G", "console=com1 com1=115200,8n1 dom0_mem=1G"),
            (
                "noreboot",
                "console=com1 com1=115200,8n1 dom0_mem=512M,max:512M noreboot",
            ),
        ] {
            let boot = Boot {
                append: append.into(),
                ..boot()
            };
            assert_eq!(boot.hypervisor_line(), expected);
        }
    }
}
