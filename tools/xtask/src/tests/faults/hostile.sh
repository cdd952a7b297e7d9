# Guests that attack those who serve them: others go on, and all is given back.

# The neighbour goes on: it says so ten times a second.
counts() { ringctl logs neighbour | sed -n 's/.*NEIGHBOUR \([0-9]*\).*/\1/p' | tail -n 1; }
lives() {
    [ -n "$(counts)" ] || wrong "$1: the neighbour says nothing"
    before=$(counts)
    sleep 2
    after=$(counts)
    [ "$((after - before))" -ge 3 ] || wrong "$1: the neighbour stands still: $before, $after"
    ringctl logs neighbour | grep -q FAILED && wrong "$1: $(ringctl logs neighbour | grep FAILED | head -n 1)"
    begun=$(cut -d ' ' -f 1 /proc/uptime)
    ringctl list >/dev/null || wrong "$1: no list"
    echo "$begun $(cut -d ' ' -f 1 /proc/uptime) $1" |
        awk '{ printf "%s: list took %.2f s\n", $3, $2 - $1 }'
}
# under NAME: the attack has begun; the neighbour lives, and the attacker can be destroyed.
under() {
    ringctl wait "${2:-hostile}" --for running --timeout 20 >/dev/null || wrong "$1 does not run"
    lives "$1"
    ringctl destroy "${2:-hostile}" >/dev/null || wrong "$1: no destroy"
    same "$1"
}
truncate -s 16M /tmp/disk
# What the first domain with all makes for ever.
ringctl create /guests/http.toml --paused disk=/tmp/disk,raw,xvda >/dev/null && ringctl destroy http >/dev/null
hostile neighbour name=neighbour
ringctl wait neighbour --for 'console:NEIGHBOUR 3' --timeout 30 >/dev/null || fail 'no neighbour'
neighbour=$(number neighbour)
ringctl store write "/local/domain/$neighbour/data/secret" mine
[ -n "$neighbour" ] || fail 'the neighbour has no number'
begin

for seed in 1 2; do
    ringctl create /tmp/hostile.toml "cmdline=attack=store-ring seed=$seed" >/dev/null
    ringctl wait hostile --for 'console:round 64' --timeout 30 >/dev/null || wrong 'store-ring does nothing'
    under store-ring
done
[ "$(wc -c </var/log/ringwall/ringd.log)" -lt 20000 ] || wrong 'the log of ringd was flooded'
ringctl create /tmp/hostile.toml 'cmdline=attack=console-ring seed=3' >/dev/null
under console-ring

hostile flood
sleep 5
under flood
size=$(cat /var/log/ringwall/hostile.log* | wc -c)
echo "flood: $size bytes of log"
[ "$size" -lt 4300000 ] || wrong "the flood's log has $size bytes"
[ "$size" -gt 500000 ] || wrong "the flood was no flood: $size bytes"

hostile quota memory=32M
ringctl wait hostile --for 'console:QUOTA (END|FAILED.*)' --timeout 60
ringctl logs hostile | grep QUOTA
ringctl logs hostile | grep -q 'QUOTA END' || wrong 'the quota guest failed'
for limit in value=2048 transactions=10 watches=128; do
    ringctl logs hostile | grep -q "QUOTA $limit\$" || wrong "the quota $limit"
done
nodes=$(ringctl logs hostile | sed -n 's/.*QUOTA nodes=//p')
[ "${nodes:-0}" -gt 500 ] && [ "$nodes" -lt 1000 ] || wrong "$nodes nodes"
under quota

hostile trespass "cmdline=attack=trespass victim=$neighbour"
ringctl wait hostile --for 'console:TRESPASS END' --timeout 60 >/dev/null || wrong 'no end of the trespasses'
for try in $(seq 50); do ringctl list | grep -q hostile || break; usleep 100000; done
ringctl logs hostile | grep TRESPASS | sort | uniq | head -n 20
ringctl logs hostile | grep -q 'TRESPASS tried [0-9]*, succeeded 0' || wrong 'a trespass succeeded'
lives trespass
same trespass
passed
