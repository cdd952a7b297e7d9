//! Disks and network cards in use from dom0.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Report};

/// Bytes of a test's disk.
const DISK_SIZE: u64 = 64 << 20;
/// What the host serves, and the guest fetches.
const PAGE: &str = "fetched by dom0\n";

/// Writes numbers to the disk, drops what is cached, and compares; then the same in a file system.
const DISK: &str = "set -e
drivers
for attempt in 1 2 3 4 5; do
    disk=$(ls /dev/vda /dev/sda /dev/nvme0n1 2>/dev/null | head -n 1)
    [ -n \"$disk\" ] && break; sleep 1
done
seq 1 300000 | dd of=/tmp/data bs=4096 conv=sync 2>/dev/null
truncate -s 1048576 /tmp/data
dd if=/tmp/data of=$disk bs=65536 2>/dev/null
sync; echo 3 >/proc/sys/vm/drop_caches
head -c 1048576 $disk | cmp - /tmp/data
echo same";

/// A file system made, filled, taken down and read again.
const FILE_SYSTEM: &str = "set -e
drivers; modprobe ext4
mke2fs -q /dev/vda; mount -t ext4 /dev/vda /mnt
seq 1 200000 >/mnt/numbers; sum=$(md5sum </mnt/numbers)
umount /mnt; mount -t ext4 -o ro /dev/vda /mnt
[ \"$sum\" = \"$(md5sum </mnt/numbers)\" ] && umount /mnt && echo same";

/// The address is QEMU's default for its user network.
const NETWORK: &str = "set -e
drivers
ip link set eth0 up; ip address add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
ping -c 3 -W 5 10.0.2.2 | grep ' 0% packet loss' >/dev/null && echo reached
wget -q -O - http://10.0.2.100/";

pub(super) fn cases() -> Vec<Case> {
    let disks = [
        ("virtio-disk", "pc", "if=virtio"),
        ("ide-disk", "pc", "if=ide"),
        ("ahci-disk", "q35", "if=ide"),
    ];
    let disks = disks.map(|(name, machine, interface)| {
        disk(name, machine, interface)
            .commands(DISK)
            .check(same_on_host)
    });
    let file_system = disk("file-system", "pc", "if=virtio")
        .commands(FILE_SYSTEM)
        .check(|report| report.has_line("same"));
    let cards = ["virtio-net-pci", "e1000", "rtl8139"].map(card);
    disks
        .into_iter()
        .chain([file_system])
        .chain(cards)
        .collect()
}

fn disk(name: &str, machine: &str, interface: &str) -> Case {
    let about = format!("{name}: what was written is read back, and is on the host's image");
    let drive = format!("file={{work}}/disk,format=raw,{interface}");
    Case::new(name, about)
        .prepare(|work| Ok(File::create(work.join("disk"))?.set_len(DISK_SIZE)?))
        .arguments(["--machine", machine, "--", "-drive", &drive])
}

fn same_on_host(report: &Report<'_>) -> Result<()> {
    report.has_line("same")?;
    let numbers: String = (1..=300_000).map(|number| format!("{number}\n")).collect();
    let mut written = vec![0; 1 << 20];
    File::open(report.work.join("disk"))?
        .read_exact(&mut written)
        .context("the disk's image")?;
    ensure!(
        written == numbers.as_bytes()[..1 << 20],
        "the disk's image has other content"
    );
    Ok(())
}

fn card(model: &str) -> Case {
    let network = "user,id=net,guestfwd=tcp:10.0.2.100:80-cmd:cat {work}/answer";
    Case::new(
        model,
        format!("{model}: the gateway answers, and a page is fetched"),
    )
    .prepare(serve)
    .arguments([
        "--",
        "-netdev",
        network,
        "-device",
        &format!("{model},netdev=net"),
    ])
    .commands(NETWORK)
    .check(|report| {
        report.has_line("reached")?;
        report.has_line(PAGE.trim_end())
    })
}

fn serve(work: &Path) -> Result<()> {
    let length = PAGE.len();
    let answer =
        format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}");
    Ok(fs::write(work.join("answer"), answer)?)
}
