#!/bin/busybox sh
# The first program of the Linux guest: its devices, then a shell on its console.

/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='linux:\w# '
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
hostname linux
modprobe -q xen_blkfront
modprobe -q xen_netfront
modprobe -q af_packet
ip link set lo up
uevent /bin/device-event >/dev/null 2>&1 &
for card in /sys/class/net/eth*; do
    [ -e "$card" ] || continue
    ip link set "${card##*/}" up
    udhcpc -q -t 20 -T 1 -i "${card##*/}" -s /bin/dhcp-event
done
# What busybox's poweroff and reboot ask of init: the kernel runs them when the toolstack wants the guest to end.
trap 'poweroff -f' USR1 USR2
trap 'reboot -f' TERM INT
echo "The guest is up: Linux $(uname -r), $(nproc) CPU, $(ls -d /dev/xvd* 2>/dev/null | tr '\n' ' ')"
while :; do
    setsid -c sh -i </dev/hvc0 >/dev/hvc0 2>&1 &
    wait $!
done
