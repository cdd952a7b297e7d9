//! Guests that must run: kernels, sizes, and how many at a time.

use anyhow::Result;

use super::{Case, commands};
use crate::debian;
use crate::initrd::{Extra, toolstack};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/debian",
            "dom0's own kernel as a guest: disk, network, and a shell on its console",
        )
        .files(debian_files)
        .commands(commands(
            r#"
ringctl check /guests/debian/vmlinuz | grep -q '^packed: *xz'
ringctl create /guests/linux.toml name=debian kernel=/guests/debian/vmlinuz ramdisk=/guests/debian/initrd.gz memory=192M
is_up debian
ringctl wait debian --for network --timeout 60
in_guest debian 'echo kernel-$(uname -r)' "kernel-$(uname -r)"
in_guest debian 'echo from-debian | dd of=/dev/xvda conv=fsync 2>/dev/null; echo read-$(head -n 1 /dev/xvda)' 'read-from-debian'
head -n 1 /guests/linux/disk.img | grep -q from-debian
in_guest debian 'ping -c 1 -W 5 10.77.0.1 >/dev/null && echo gateway-$((1 + 1))' 'gateway-2'
ringctl shutdown debian --wait
[ $(ringctl list | wc -l) = 1 ]
"#,
        ))
        .limit_seconds(300),
        Case::new(
            "toolstack/eight",
            "eight Linux guests at a time in 2 GiB, each with its disk and address",
        )
        .arguments(["--memory", "2G", "--append", "dom0_mem=640M,max:640M"])
        .commands(commands(
            r#"
free() { ringctl top --json | sed 's/.*"free_kib":\([0-9]*\).*/\1/'; }
before=$(free)
for number in 1 2 3 4 5 6 7 8; do
    truncate -s 8M /tmp/$number.img
    ringctl create /guests/linux.toml name=guest$number disk=/tmp/$number.img,raw,xvda,rw
done
for number in 1 2 3 4 5 6 7 8; do
    is_up guest$number
    ringctl wait guest$number --for network --timeout 120
    in_guest guest$number "echo I-am-$number | dd of=/dev/xvda conv=fsync 2>/dev/null; echo written-\$((1 + 1))" 'written-2'
    head -n 1 /tmp/$number.img | grep -q "I-am-$number"
done
ringctl list
[ $(ringctl list | wc -l) = 9 ]
[ $(for number in 1 2 3 4 5 6 7 8; do ringctl net list guest$number | cut -f 5; done | sort -u | wc -l) = 8 ]
ringctl destroy --all
[ $(ringctl list | wc -l) = 1 ]
after=$(free)
[ $((before - after)) -lt 4096 ] || fail "$((before - after)) KiB are missing"
"#,
        ))
        .limit_seconds(500),
        Case::new(
            "toolstack/small",
            "guests of the SDK in 64 MiB, and in 4",
        )
        .commands(commands(
            r#"
# Debian's kernel takes more than that to start.
expect 5 ringctl check /guests/linux.toml memory=64M
ringctl create /guests/http.toml memory=64M
ringctl wait http --for network --timeout 60
ringctl list | grep http | grep -q 64M
ringctl shutdown http --wait
ringctl create /guests/hello.toml memory=4M on.poweroff=preserve
ringctl wait hello --for shutdown --timeout 30 | grep poweroff
"#,
        ))
        .limit_seconds(240),
        Case::new(
            "toolstack/large",
            "a guest of 4 GiB on a host of 8 GiB, which uses its memory",
        )
        .arguments(["--memory", "8G", "--append", "dom0_mem=1G,max:1G"])
        .commands(commands(
            r#"
ringctl create /guests/linux.toml memory=4G net= disk=
is_up linux
in_guest linux 'echo has-$(awk "/MemTotal/ { print (\$2 > 3900000) }" /proc/meminfo)' 'has-1'
# Three GiB of it, written and read.
printf '%s\n\035' 'mount -t tmpfs -o size=90% large /mnt; dd if=/dev/zero of=/mnt/a bs=1M count=3072 2>/dev/null; echo wrote-$(wc -c </mnt/a)' |
    ringctl console linux >/dev/null
ringctl wait linux --for console:wrote-3221225472 --timeout 300 >/dev/null
ringctl list | grep linux | grep -q 4096M
ringctl destroy linux
[ $(ringctl list | wc -l) = 1 ]
"#,
        ))
        .limit_seconds(400)
        .long(),
    ]
}

/// dom0's kernel, and an initrd with its drivers, for a guest.
fn debian_files() -> Result<Vec<Extra>> {
    let kernel = debian::kernel()?;
    let file = |path: &str, content| Extra {
        path: path.to_owned(),
        permissions: 0o644,
        content,
    };
    Ok(vec![
        file("guests/debian/vmlinuz", std::fs::read(&kernel.image)?),
        file("guests/debian/initrd.gz", toolstack::guest_initrd(&kernel)?),
    ])
}
