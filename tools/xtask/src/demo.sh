# A tour of the toolstack: two guests, a disk, a network, and everything given back.

set -e
say() { echo "--- $*"; }
fail() { echo "FAILED: $*"; exit 1; }
free() { ringctl top --json | sed 's/.*"free_kib":\([0-9]*\).*/\1/'; }
# Types a command at the Linux guest's shell, and waits for a line that says it came to this.
linux() {
    # Ctrl-] detaches.
    printf '%s\n\035' "$1" | ringctl console linux >/dev/null
    ringctl wait linux --for "console:$2" --timeout 30
}

before=$(free)
say 'a Linux guest with a disk and a network card'
ringctl check /guests/linux.toml
ringctl create /guests/linux.toml
ringctl wait linux --for 'console:The guest is up' --timeout 120
ringctl wait linux --for network --timeout 60

say 'a web server of the SDK'
ringctl create /guests/http.toml
ringctl wait http --for network --timeout 60

say 'the Linux guest fetches its page'
linux 'wget -q -O - http://http/ | sed s/^/page:/' 'page:.*http'
ringctl logs http

say 'the disk: written by the Linux guest, read by it and by dom0'
linux 'echo from-the-guest | dd of=/dev/xvda conv=fsync 2>/dev/null; head -n 1 /dev/xvda | sed s/^/read:/' 'read:from-the-guest'
head -c 14 /guests/linux/disk.img | grep -q from-the-guest || fail 'the disk does not have it'

say 'what is there'
ringctl list
ringctl info linux
ringctl explain linux

say 'the Linux guest is asked to end, and the web server destroyed'
ringctl shutdown linux --wait
ringctl destroy http

say 'and all of it is given back'
[ "$(ringctl list | wc -l)" = 1 ] || fail 'a domain is left'
after=$(free)
[ "$((before - after))" -lt 1024 ] || fail "$((before - after)) KiB of memory are missing"
say 'done'
