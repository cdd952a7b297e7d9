#!/bin/sh
# The script that xl runs for a network: the interface joins the bridge, if it is there.
# $1: online or offline; vif: the interface; XENBUS_PATH: the back end's directory.

case $1 in
online | add)
    bridge=$(xenstore-read "$XENBUS_PATH/bridge" 2>/dev/null)
    [ -d "/sys/class/net/$bridge/bridge" ] && brctl addif "$bridge" "$vif"
    ip link set "$vif" up
    xenstore-write "$XENBUS_PATH/hotplug-status" connected
    ;;
esac
exit 0
