# Front ends that keep to nothing, and guests that end as nobody wants them to.

gone() {
    for try in $(seq 100); do ringctl list | grep -q " $1 " || return; usleep 100000; done
    wrong "$1 is still there"
}
truncate -s 16M /tmp/disk
ringctl create /guests/linux.toml
ringctl wait linux --for 'console:The guest is up' --timeout 120 >/dev/null || fail 'no Linux guest'
ringctl create /guests/http.toml --paused disk=/tmp/disk,raw,xvda >/dev/null && ringctl destroy http >/dev/null
begin

# Its disk and network work beside those that are broken.
works() { typed linux "dd if=/dev/xvda of=/dev/null bs=64k count=16 2>/dev/null; ping -c 1 -W 5 10.77.0.1 >/dev/null && echo $1-\$((40 + 2))" "$1-42"; }
works before
for seed in 1 2 3; do
    hostile frontend "cmdline=attack=frontend seed=$seed" disk=/tmp/disk,raw,xvda net=
    ringctl wait hostile --for 'console:round 100' --timeout 60 >/dev/null || wrong 'frontend does nothing'
    works "wild$seed"
    ringctl explain hostile >/dev/null || wrong 'no explanation'
    ringctl info hostile >/dev/null || wrong 'no info'
    ringctl destroy hostile >/dev/null || wrong 'no destroy'
    same "frontend $seed"
done
hostile reconnect disk=/tmp/disk,raw,xvda net=
ringctl wait hostile --for 'console:round 20' --timeout 100 >/dev/null || { wrong 'no reconnection'; ringctl logs hostile | tail -n 5; ringctl explain hostile; }
works reconnect
ringctl destroy hostile >/dev/null
same reconnect

# Crashes, by policy.
hostile crash on.crash=destroy; gone hostile
hostile panic on.crash=preserve
ringctl wait hostile --for shutdown --timeout 20 >/dev/null || wrong 'no crash'
ringctl list | grep -q 'hostile.*crashed' || wrong 'it is not shown as crashed'
ringctl logs hostile | grep -q 'as it was told to' || wrong 'no panic in the log'
ringctl destroy hostile >/dev/null
hostile panic on.crash=restart on.restart_limit=3
# Between two of its lives it is not there either.
for try in $(seq 100); do ringctl events | grep -q 'not restarted any more' && break; usleep 100000; done
gone hostile
[ "$(ringctl events | grep -c 'hostile restarted')" = 3 ] || wrong 'not three restarts'
ringctl events | grep -q 'hostile failed.*not restarted any more' || wrong 'no end of the restarts'
hostile crash on.crash=rename-restart on.restart_limit=1
for try in $(seq 50); do [ "$(ringctl list | grep -c crashed)" = 1 ] && ! ringctl list | grep -q ' hostile ' && break; usleep 100000; done
ringctl list | grep -q 'hostile-[0-9]*.*crashed' || { wrong 'it is not kept'; ringctl list; }
for name in $(ringctl list | awk '/hostile-/ { print $2 }'); do ringctl destroy "$name" >/dev/null; done
same crashes

# One that hears nothing.
hostile ignore
ringctl wait hostile --for 'console:ignores' --timeout 20 >/dev/null
expect 7 'hostile did not end in 1 s' ringctl shutdown hostile --wait --timeout 1s
ringctl destroy hostile >/dev/null || wrong 'no destroy'
same ignore
passed
