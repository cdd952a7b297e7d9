#!/bin/sh
# Starts the store and the console's daemon, and says what dom0 is: then xl works.
# The output of domains is in /var/log/xen/console/guest-NAME.log.

set -e
for module in xen_evtchn xen_gntdev xen_gntalloc xen_privcmd xen_blkback xen_netback loop; do
    modprobe -q "$module" || true
done
ln -sf /proc/xen/xenbus /dev/xen/xenbus 2>/dev/null || true
mkdir -p /var/log/xen/console /run/xenstored /var/run/xenstored /var/run/xen /var/lib/xenstored
xenstored --pid-file=/run/xenstored.pid
# Its socket is there when its first answer is.
until xenstore-ls / >/dev/null 2>&1; do sleep 0.1; done
xen-init-dom0
xenconsoled --pid-file=/run/xenconsoled.pid --log=guest --log-dir=/var/log/xen/console
