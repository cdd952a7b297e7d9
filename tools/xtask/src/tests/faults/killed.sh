# ringd is killed while domains work, and in the middle of what it does for them; the next one goes on.

# Kills ringd; it is away for so many microseconds.
killed() { kill -9 "$(pidof ringd)"; usleep "${1:-0}"; ringd-start || fail 'ringd does not start'; }
there() { ringctl list --json | grep -q "\"name\":\"$1\""; }
gone() {
    for try in $(seq 100); do there "$1" || return; usleep 100000; done
    wrong "$1 is still there"
}
# Each number from the first to the last, once, in order. The domain's end may have cut the last line.
complete() {
    cat "/var/log/ringwall/$1.log.1" "/var/log/ringwall/$1.log" 2>/dev/null |
        sed '$d' | sed -n "s/^[^ ]* $2 \([0-9]*\).*/\1/p" |
        awk 'NR > 1 && $1 != last + 1 { print "after " last " comes " $1; bad = 1 } { last = $1 } END { print NR " lines"; exit bad }' ||
        wrong "the console of $1"
}

truncate -s 16M /tmp/disk
ringctl create /guests/linux.toml >/dev/null
ringctl create /guests/http.toml >/dev/null
ringctl wait linux --for 'console:The guest is up' --timeout 120 >/dev/null || fail 'no Linux guest'
ringctl wait http --for network --timeout 60 >/dev/null || fail 'no web server'
hostile neighbour name=neighbour || fail 'no neighbour'
hostile flood || fail 'no flood'
# Disk and network traffic without end; each round is counted in the guest's own file.
typed linux 'n=0; while :; do dd if=/dev/zero of=/dev/xvda bs=64k count=8 conv=fsync 2>/dev/null && dd if=/dev/xvda of=/dev/null bs=64k count=8 2>/dev/null && wget -q -O /tmp/page http://http/ && n=$((n + 1)) && echo $n >/tmp/rounds; done & echo begun-$((40 + 2))' begun-42
address() { ringctl net list linux --json | sed 's/.*"ip":"\([0-9.]*\)".*/\1/'; }
rounds() {
    typed linux "echo rounds-$1-\$(cat /tmp/rounds)-" "rounds-$1-[0-9]+-"
    ringctl logs linux | sed -n "s/^rounds-$1-\([0-9]*\)-.*/\1/p" | tail -n 1
}
address=$(address)
before=$(rounds before)
for away in 0 10000 200000 1000000 3000 0; do
    usleep $((away % 7 * 50000 + 300000))
    killed $away
done
for name in linux http neighbour hostile; do
    there $name || wrong "$name was lost"
    ringctl events | grep -q "$name adopted" || wrong "$name was not adopted"
done
sleep 3
after=$(rounds after)
echo "rounds of traffic: $before, $after"
[ "${after:-0}" -gt "${before:-0}" ] || wrong 'no traffic any more'
[ "$(address)" = "$address" ] || wrong "the address was $address, and is $(address)"
typed linux "udhcpc -q -n -t 5 -i eth0 -s /bin/dhcp-event 2>&1 | grep -q 'lease of $address' && echo leased-\$((40 + 2))" leased-42
typed linux "nslookup http 10.77.0.1 >/dev/null && echo named-\$((40 + 2))" named-42
ringctl logs neighbour | grep FAILED && wrong 'the store of the neighbour'
ringctl destroy hostile >/dev/null
complete hostile FLOOD
ringctl destroy neighbour >/dev/null
complete neighbour NEIGHBOUR

# Domains that end while nobody looks.
for policy in preserve restart destroy; do hostile later name=$policy on.crash=$policy; done
kill -9 "$(pidof ringd)"; sleep 5; ringd-start
gone destroy
ringctl list | grep -q 'preserve.*crashed' || wrong 'it was not preserved'
for try in $(seq 50); do ringctl events | grep -q 'restart restarted' && break; usleep 100000; done
ringctl events | grep -q 'restart restarted' || { wrong 'it was not restarted'; ringctl events; }
ringctl logs preserve | grep -q 'HOSTILE ends' || wrong 'what it said while nobody looked is lost'
ringctl destroy preserve >/dev/null
ringctl destroy restart >/dev/null
gone restart

# In the middle of a create, and of a destroy.
begin
half() {
    ringctl create "/guests/$1.toml" name=half on.poweroff=preserve disk=/tmp/disk,raw,xvda net= >/tmp/output 2>&1
}
# A kernel that is built in no time, and one that takes long.
for try in hello-5000 hello-10000 hello-15000 hello-20000 hello-30000 hello-45000 hello-70000 \
    linux-20000 linux-60000 linux-150000 linux-300000 linux-500000 linux-800000; do
    guest=${try%-*}; delay=${try#*-}
    half "$guest" &
    client=$!
    usleep "$delay"
    killed
    wait $client; status=$?
    there half && state=there || state=absent
    echo "create of $guest, killed after $delay us: status $status, $state"
    [ "$status" != 0 ] || [ $state = there ] || wrong 'it was created, and is not there'
    if [ $state = there ]; then
        [ "$guest" = hello ] && condition=shutdown || condition=running
        ringctl wait half --for $condition --timeout 20 >/dev/null || wrong 'it does not run'
        ringctl destroy half >/dev/null || wrong 'no destroy'
    fi
    same "create $try"
done
for delay in 1000 5000 10000 15000 20000 30000 45000 70000; do
    half hello
    ringctl destroy half >/tmp/output 2>&1 &
    client=$!
    usleep $delay
    killed
    wait $client; status=$?
    there half && state=there || state=absent
    echo "destroy, killed after $delay us: status $status, $state"
    [ $state = absent ] || ringctl destroy half >/dev/null || wrong 'no destroy'
    same "destroy $delay"
done
# And of restarts.
hostile crash on.crash=restart on.restart_limit=1000
for delay in 100000 230000 370000 510000; do
    usleep $delay
    killed
done
for try in $(seq 100); do ringctl events | grep -q 'hostile restarted' && break; usleep 100000; done
ringctl events | grep -q 'hostile restarted' || { wrong 'no restart after the last kill'; ringctl events; }
# Between two incarnations there is none.
for try in $(seq 100); do ringctl destroy hostile >/dev/null 2>&1 && break; usleep 50000; done
for try in $(seq 20); do there hostile && ringctl destroy hostile >/dev/null 2>&1; usleep 50000; done
same restarts
passed
