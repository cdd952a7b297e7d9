//! Arguments of the commands that make and end domains.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ringwall_api::Which;

use super::parse;

#[derive(Args)]
pub(crate) struct Create {
    /// The guest file
    pub(crate) file: PathBuf,
    /// Set keys over what the file says: memory=512M, on.crash=preserve, disk+=/a.img,raw,xvdb
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Leave the domain paused
    #[arg(long)]
    pub(crate) paused: bool,
    /// Attach to its console, from its first byte
    #[arg(short, long)]
    pub(crate) console: bool,
    /// Print what would be created, and create nothing
    #[arg(long, conflicts_with_all = ["paused", "console"])]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
pub(crate) struct WhichDomains {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) domain: Vec<String>,
    /// All domains but dom0
    #[arg(short, long)]
    pub(crate) all: bool,
}

impl From<WhichDomains> for Which {
    fn from(which: WhichDomains) -> Self {
        match which.all {
            true => Self::All,
            false => Self::Domains(which.domain),
        }
    }
}

#[derive(Args)]
pub(crate) struct EndDomains {
    #[command(flatten)]
    pub(crate) which: WhichDomains,
    /// Wait until they have
    #[arg(short, long)]
    pub(crate) wait: bool,
    /// Give up waiting after so long, with status 7
    #[arg(long, value_name = "TIME", default_value = "60s", requires = "wait",
          value_parser = parse::duration)]
    pub(crate) timeout: Duration,
}
