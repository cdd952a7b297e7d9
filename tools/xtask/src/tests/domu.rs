//! The SDK's disks and networks, against Linux's back ends: guests as domUs beside dom0.
//!
//! Debian's `xl` makes the domains, on Ringwall and on Xen.

use std::fs;

use super::case::Case;
use crate::build;

/// Starts what xl needs.
const START: &str = "set -e\nxen-start >/dev/null\n";
/// Waits until the domain is gone, then prints what it said.
const FINISH: &str = "
n=0
while [ $n -lt 100 ] && xl domid guest >/dev/null 2>&1; do sleep 0.3; n=$((n + 1)); done
cat /var/log/xen/console/guest-guest.log
";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "sdk/block",
            "a disk of xen-blkback is written, flushed and read",
        )
        .prepare(|work| {
            fs::copy(build::guest("block")?, work.join("block"))?;
            Ok(())
        })
        .arguments(["--xen-tools", "--put", "{work}/block"])
        .commands(concat_commands(&[
            START,
            "dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
                 losetup /dev/loop0 /tmp/disk
                 cat >/tmp/guest.cfg <<END
name = \"guest\"
kernel = \"/ringwall/bin/block\"
memory = 64
disk = [\"phy:/dev/loop0,xvda,w\"]
on_crash = \"destroy\"
END
                 xl create -q /tmp/guest.cfg",
            FINISH,
        ]))
        .check(|report| report.has_line("BLOCK OK"))
        // xl, its daemons and a second domain take minutes on a machine that has other work.
        .limit_seconds(300),
        Case::new(
            "sdk/suspend",
            "a guest suspends itself, and goes on when that is called off",
        )
        .prepare(|work| {
            fs::copy(build::guest("sdk_suspend")?, work.join("suspend"))?;
            Ok(())
        })
        .program("call_off")
        .arguments(["--xen-tools", "--put", "{work}/suspend"])
        .commands(concat_commands(&[
            START,
            "cat >/tmp/guest.cfg <<END
name = \"guest\"
kernel = \"/ringwall/bin/suspend\"
memory = 64
vcpus = 2
on_crash = \"destroy\"
END
                 xl create -q /tmp/guest.cfg
                 /ringwall/bin/call_off $(xl domid guest) 2 || xl list
                 n=0
                 while [ $n -lt 100 ] && ! grep -q VERDICT /var/log/xen/console/guest-guest.log; do
                     sleep 0.3; n=$((n + 1))
                 done
                 xl destroy guest || true
                 cat /var/log/xen/console/guest-guest.log
                 ",
        ]))
        .check(|report| report.has_line("VERDICT sdk_suspend success "))
        // xl, its daemons and a second domain take minutes on a machine that has other work.
        .limit_seconds(300),
        Case::new(
            "sdk/http",
            "a web server has an address by DHCP, answers, and ends when asked to",
        )
        .prepare(|work| {
            fs::copy(build::guest("http")?, work.join("http"))?;
            Ok(())
        })
        .arguments(["--xen-tools", "--put", "{work}/http"])
        .commands(concat_commands(&[
            START,
            "modprobe bridge; modprobe af_packet
                 brctl addbr xenbr0
                 ip addr add 10.0.0.1/24 dev xenbr0
                 ip link set xenbr0 up
                 mkdir -p /var/lib/misc
                 touch /var/lib/misc/udhcpd.leases
                 printf 'interface xenbr0\\nstart 10.0.0.20\\nend 10.0.0.20\\n' >/tmp/udhcpd.conf
                 printf 'option subnet 255.255.255.0\\noption router 10.0.0.1\\n' >>/tmp/udhcpd.conf
                 udhcpd -S /tmp/udhcpd.conf
                 cat >/tmp/guest.cfg <<END
name = \"guest\"
kernel = \"/ringwall/bin/http\"
memory = 64
vif = [\"mac=00:16:3e:00:00:01,bridge=xenbr0\"]
on_crash = \"destroy\"
END
                 xl create -q /tmp/guest.cfg
                 n=0
                 until wget -q -O /tmp/page http://10.0.0.20/ || [ $n -ge 50 ]; do
                     sleep 0.5; n=$((n + 1))
                 done
                 cat /tmp/page
                 wget -q -O - http://10.0.0.20/other || echo other: refused
                 xl shutdown guest",
            FINISH,
        ]))
        .check(|report| {
            report.has_line("<h1>This is guest.</h1>")?;
            report.has_line("other: refused")?;
            report.has_line("HTTP http://10.0.0.20/")?;
            report.has_line("HTTP END")
        })
        // xl, its daemons and a second domain take minutes on a machine that has other work.
        .limit_seconds(300),
    ]
}

/// One text for all.
fn concat_commands(parts: &[&str]) -> &'static str {
    // A test's commands last as long as the process.
    parts.concat().leak()
}
