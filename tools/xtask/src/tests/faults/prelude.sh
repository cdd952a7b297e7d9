# What the tests of faults share: what is in use is counted before and after, and each failure names itself.

fail() { echo "FAILED: $*"; exit 1; }
# A mistake that lets the rest go on: all are shown at once.
wrong() { echo "WRONG: $*"; mistakes=$((mistakes + 1)); }
mistakes=0
passed() { [ "$mistakes" = 0 ] && echo all=passed; }

# What a domain could leave behind, a line each: counts, and the store's nodes. Frames are counted apart: some are kept for the next domain.
counted() {
    echo "domains $(ringctl list --json | tr '{' '\n' | grep -c '"id"')"
    ringctl store ls -r / | sed 's/ .*//'
    echo "loops $(ls -d /sys/block/loop*/loop 2>/dev/null | wc -l)"
    echo "interfaces $(ls /sys/class/net | wc -l)"
    echo "backends $(ls /sys/bus/xen-backend/devices | wc -l)"
    echo "channels $(grep -c 'xen-dyn' /proc/interrupts)"
    echo "ports $(/ringwall/bin/ports)"
    echo "descriptors $(ls "/proc/$(pidof ringd)/fd" | wc -l)"
    echo "files $(ls /run/ringwall/domains /run/ringwall/console | wc -l)"
}
free() { ringctl top --json | sed 's/.*"free_kib":\([0-9]*\).*/\1/'; }
begin() { counted >/tmp/begin; free_before=$(free); }
# What ringd has to say.
told() { tail -n 30 /var/log/ringwall/ringd.log; }
# Compares with what `begin` found. What is given back a little later is waited for.
same() {
    for try in $(seq 20); do
        counted >/tmp/now
        [ "$((free_before - $(free)))" -lt 256 ] && cmp -s /tmp/begin /tmp/now && return
        usleep 200000
    done
    echo "free: $free_before KiB before, $(free) now"
    diff /tmp/begin /tmp/now
    ringctl list
    told
    wrong "$1: something is left"
}
# expect STATUS TEXT COMMAND...: it fails with this status and one line, which has the text.
expect() {
    status=$1; text=$2; shift 2
    begun=$(cut -d ' ' -f 1 /proc/uptime)
    "$@" >/tmp/output 2>/tmp/error </dev/null
    found=$?
    took=$(echo "$begun $(cut -d ' ' -f 1 /proc/uptime)" | awk '{ printf "%.2f", $2 - $1 }')
    echo "$took s: $(cat /tmp/error)"
    [ "$found" = "$status" ] || wrong "$*: status $found, not $status"
    [ "$(wc -l </tmp/error)" = 1 ] || wrong "$*: not one line"
    grep -q -e "$text" /tmp/error || wrong "$*: not $text"
}
# The number of a domain.
number() { ringctl list | awk -v name="$1" '$2 == name { print $1 }'; }
# Types a command at a Linux guest's shell, and waits for a line that says it came to this.
typed() {
    # Ctrl-] detaches.
    printf '%s\n\035' "$2" | ringctl console "$1" >/dev/null
    ringctl wait "$1" --for "console:$3" --timeout "${4:-30}" >/dev/null || fail "$1: $2: no $3"
}
# hostile ATTACK [KEY=VALUE...]: creates a guest that attacks those who serve it, where it was put into dom0.
cat >/tmp/hostile.toml <<END
name = "hostile"
kernel = "/ringwall/bin/hostile-guest"
memory = "16M"
END
hostile() {
    attack=$1; shift
    ringctl create /tmp/hostile.toml "cmdline=attack=$attack" "$@" >/dev/null || { wrong "create $attack"; return 1; }
}
