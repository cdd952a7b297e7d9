#!/bin/sh
# The script that xl runs for a disk: finds its device's numbers. A file gets a loop device.
# $1: add or remove; XENBUS_PATH: the back end's directory.

case $1 in
add)
    what=$(xenstore-read "$XENBUS_PATH/params")
    if [ -f "$what" ]; then
        device=$(losetup -f) && losetup "$device" "$what"
        xenstore-write "$XENBUS_PATH/node" "$device"
    else
        device=$what
    fi
    numbers=$(stat -L -c %t:%T "$device") && [ "$numbers" != 0:0 ] || {
        xenstore-write "$XENBUS_PATH/hotplug-error" "$what is no device" \
            "$XENBUS_PATH/hotplug-status" error
        exit 1
    }
    xenstore-write "$XENBUS_PATH/physical-device" "$numbers" \
        "$XENBUS_PATH/physical-device-path" "$device" "$XENBUS_PATH/hotplug-status" connected
    ;;
remove)
    device=$(xenstore-read "$XENBUS_PATH/node" 2>/dev/null) && losetup -d "$device"
    ;;
esac
exit 0
