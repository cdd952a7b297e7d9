//! Domains beside dom0, by the toolstack's interface.

use super::case::{Case, Report};
use crate::initrd::Extra;
use crate::{build, debian};

pub(super) fn cases() -> Vec<Case> {
    let fuzz = |name: &str| {
        let about = "domains that make random hypercalls harm nobody, and leave nothing behind";
        Case::new(name, about)
            .tool("ringwall-builder:hostile")
            .arguments(["--append", "dom0_mem=512M,max:512M"])
            .files(|| {
                Ok(vec![Extra {
                    path: "fuzz".into(),
                    permissions: 0o644,
                    content: std::fs::read(build::guest("fuzz")?)?,
                }])
            })
    };
    vec![
        Case::new(
            "domains",
            "dom0 makes, runs and destroys domains, and nothing is lost",
        )
        .program("domains")
        .commands("modprobe xen-privcmd; /ringwall/bin/domains"),
        fuzz("fuzz").commands("modprobe xen-privcmd; /ringwall/bin/hostile /fuzz --guests 240"),
        fuzz("fuzz-long")
            .commands("modprobe xen-privcmd; /ringwall/bin/hostile /fuzz --guests 1500 --seed $(date +%s)")
            .long()
            .limit_seconds(1200),
        clock(),
    ]
}

/// Makes a Linux domU of `/vmlinuz` whose first program is `clockread`, and prints what that says. With `--xen-tools`.
pub(crate) const CLOCK: &str = "set -e
        xen-start >/dev/null
        mkdir /tmp/root
        cp /ringwall/bin/clockread /tmp/root/init
        (cd /tmp/root && find . | cpio -o -H newc 2>/dev/null) >/tmp/initrd
        cat >/tmp/guest.cfg <<END
name = \"guest\"
kernel = \"/vmlinuz\"
ramdisk = \"/tmp/initrd\"
extra = \"console=hvc0 mitigations=off\"
memory = 128
on_poweroff = \"destroy\"
on_crash = \"destroy\"
END
        xl create -q /tmp/guest.cfg
        n=0
        while [ $n -lt 300 ] && xl domid guest >/dev/null 2>&1; do sleep 0.3; n=$((n + 1)); done
        tr -d '\\r' </var/log/xen/console/guest-guest.log";

/// The clock of a Linux domU that Debian's `xl` makes.
fn clock() -> Case {
    Case::new(
        "domu-clock",
        "Linux as a domU reads its clock without a system call",
    )
    .not_on_xen("it marks the clock stable only where the processor's counter is")
    .program("clockread")
    .arguments(["--xen-tools"])
    .files(|| {
        Ok(vec![Extra {
            path: "vmlinuz".into(),
            permissions: 0o644,
            content: std::fs::read(debian::kernel()?.image)?,
        }])
    })
    .commands(CLOCK)
    .limit_seconds(300)
    .check(reads_alone)
}

fn reads_alone(report: &Report<'_>) -> anyhow::Result<()> {
    report.has_line("clock_source=xen")?;
    let [read, system_call] = [
        report.number("clock_read_ns")?,
        report.number("clock_system_call_ns")?,
    ];
    // A system call of a guest takes many times what the counter and some arithmetic take.
    anyhow::ensure!(
        read * 3.0 < system_call,
        "the clock takes {read} ns, a system call {system_call} ns"
    );
    anyhow::ensure!(
        report.number("clock_backwards")? == 0.0,
        "the clock went backwards"
    );
    Ok(())
}
