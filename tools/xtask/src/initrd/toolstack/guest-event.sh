#!/bin/sh
# What uevent calls when the kernel has or loses a device: virtual CPUs that come are used at once.

[ "$ACTION $SUBSYSTEM" = "add cpu" ] && echo 1 >"/sys$DEVPATH/online"
exit 0
