#!/bin/busybox sh
# The first program of dom0: a shell on the console, or the commands that the runner left.

/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='dom0:\w# '
mount -t proc proc /proc
read -r boot_to_init _ </proc/uptime && export boot_to_init
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
[ -d /proc/xen ] && modprobe -q xenfs && mount -t xenfs xenfs /proc/xen
# Modules are loaded when they are asked for: /bin/drivers does so for all devices.
echo /bin/modprobe >/proc/sys/kernel/modprobe
hostname dom0
ip link set lo up
cd /root
# The toolstack, where it is there and can be of use.
[ -x /bin/ringd-start ] && [ -d /proc/xen ] && ringd-start

console=/dev/$(sed 's/.* //' /sys/class/tty/console/active)

# Everything that the kernel has said, for the log, whether or not the console showed it.
kernel_log() {
    echo "$marker:log"
    dmesg
}

if [ -f /ringwall/commands ]; then
    marker=$(cat /ringwall/marker)
    exec >"$console" 2>&1 <"$console"
    stty -opost
    echo "$marker:begin"
    # Their output goes to a log: lines, without colours.
    TERM=dumb setsid sh /ringwall/commands </dev/null
    echo "$marker:end:$?"
    kernel_log
    poweroff -f
fi

echo 'This is dom0. "drivers" loads those of disks and networks, "exit" switches the machine off.'
while :; do
    setsid -c sh -i <"$console" >"$console" 2>&1
    # A shell that was killed is replaced; one that ended was told to.
    [ $? -lt 128 ] && break
done
poweroff -f
