#!/bin/sh
# Loads the module of every device that is there; a bus may bring up further devices.

for round in 1 2; do
    for alias in $(find /sys/devices -name modalias -exec cat {} + | sort -u); do
        modprobe -q "$alias" 2>/dev/null
    done
done
modprobe -q sd_mod
modprobe -q sr_mod
exit 0
