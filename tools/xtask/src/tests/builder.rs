//! Domains that the builder makes: what they cost, that they run, and that nothing of them is left.

use anyhow::{Result, ensure};

use super::case::{Case, Report};
use crate::initrd::Extra;
use crate::{build, debian};

pub(super) fn cases() -> Vec<Case> {
    let small = "modprobe -a xen-privcmd xen-evtchn && \
        /ringwall/bin/build run /small --until 'My heap holds' && \
        /ringwall/bin/build repeat /small --times 4";
    let linux = "modprobe -a xen-privcmd xen-evtchn && mount -t tmpfs run /run && \
        /ringwall/bin/build run /vmlinuz --memory 256 --cache /run/kernels --seconds 100 \
        --append 'console=hvc0 earlyprintk=xen' --until 'Grant table initialized' && \
        /ringwall/bin/build repeat /vmlinuz --memory 256 --cache /run/kernels --times 3";
    let tool = "ringwall-builder:build";
    vec![
        Case::new(
            "builder/small",
            "a guest of the SDK runs as domU, ends, and frees what it had",
        )
        .tool(tool)
        .arguments(["--append", "dom0_mem=512M,max:512M"])
        .files(|| {
            Ok(vec![Extra {
                path: "small".into(),
                permissions: 0o644,
                content: std::fs::read(build::guest("hello")?)?,
            }])
        })
        .commands(small)
        .check(gives_back),
        Case::new(
            "builder/linux",
            "Debian's kernel runs as a domU that the builder made",
        )
        .tool(tool)
        .arguments(["--memory", "1536", "--append", "dom0_mem=700M,max:700M"])
        .files(|| {
            Ok(vec![Extra {
                path: "vmlinuz".into(),
                permissions: 0o644,
                content: std::fs::read(debian::kernel()?.image)?,
            }])
        })
        .commands(linux)
        .limit_seconds(240)
        .check(gives_back),
    ]
}

/// After each domain's end as many pages are free as before it, but for the first one's: the hypervisor's heap may
/// have grown.
fn gives_back(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    let mut rounds = 0;
    for line in report.output.lines() {
        let Some(rest) = line.strip_prefix("free_before=") else {
            continue;
        };
        let (before, after) = rest.split_once(" free_after=").unwrap_or((rest, ""));
        rounds += 1;
        ensure!(
            rounds == 1 || before == after,
            "of {before} pages {after} came back"
        );
    }
    ensure!(rounds > 2, "no domain was made");
    Ok(())
}
