//! The project's own commands: `cargo xtask help`.
//!
//! - [`cli`]: the commands and their arguments
//! - [`build`]: the hypervisor's image; [`iso`]: the same behind GRUB
//! - [`debian`]: packages of the host, and those that are unpacked for the guest
//! - [`initrd`]: dom0's small user space
//! - [`qemu`]: one boot, from the command line to the verdict
//! - [`run`]: from nothing to a dom0 shell
//! - [`backtrace`]: names for where a guest has panicked
//! - [`new_guest`]: a guest kernel of the user's own
//! - [`tests`]: the host's tests, and boots with what must come of them
//! - [`mod@bench`]: what operations cost native, on Xen and on Ringwall
//! - [`tidy`] and [`ci`]: what a change must pass

mod backtrace;
mod bench;
mod build;
mod ci;
mod cli;
mod debian;
mod initrd;
mod iso;
mod new_guest;
mod paths;
mod progress;
mod qemu;
mod run;
mod shell;
mod tests;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Xtask::parse().execute() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
