#!/bin/sh
# Starts ringd, and waits until ringctl reaches it. Its log is /var/log/ringwall/ringd.log.

for module in xen_evtchn xen_gntdev xen_gntalloc xen_privcmd xen_blkback xen_netback loop bridge; do
    modprobe -q "$module"
done
mkdir -p /run/ringwall /var/log/ringwall /var/run /var/lib
# Disks of the ready guests: empty, and only as large as what is written to them.
[ -f /guests/linux/disk.img ] || truncate -s 64M /guests/linux/disk.img
ringd 2>>/var/log/ringwall/ringd.log &
tries=0
until ringctl list >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ]; then
        echo 'ringd does not start:' >&2
        tail -n 3 /var/log/ringwall/ringd.log >&2
        exit 1
    fi
    usleep 20000
done
