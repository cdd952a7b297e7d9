//! What is done to a Linux guest that runs, and what it sees of it.

use super::{Case, commands};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/running",
            "virtual CPUs, memory, disks and cards come and go while a guest runs",
        )
        .commands(commands(RUNNING))
        .limit_seconds(300),
        Case::new(
            "toolstack/orders",
            "guests are paused, asked to end or restart, watched and waited for",
        )
        // So that the hypervisor has something to say.
        .arguments(["--append", "loglvl=all"])
        .commands(commands(ORDERS))
        .limit_seconds(300),
    ]
}

const RUNNING: &str = r#"
ringctl create /guests/linux.toml vcpus=2 max_memory=160M
ringctl wait linux --for running --timeout 20
is_up linux
ringctl wait linux --for network --timeout 60 | grep -q '10\.77\.'

step 'virtual CPUs'
ringctl vcpu set linux 1
until_true 'ringctl vcpu list linux | grep -q offline'
in_guest linux 'echo cpus-$(nproc)-a' 'cpus-1-a'
ringctl vcpu set linux 2
until_true '! ringctl vcpu list linux | grep -q offline'
in_guest linux 'echo cpus-$(nproc)-b' 'cpus-2-b'
expect 5 ringctl vcpu set linux 3
expect 5 ringctl vcpu set linux 0
ringctl vcpu pin linux 1 0 | grep -q '^1'
ringctl vcpu pin linux all all >/dev/null
expect 3 ringctl vcpu pin linux 2 0
expect 3 ringctl vcpu pin linux 0 7

step 'memory'
ringctl memory set linux 96M
until_true '[ $(ringctl list | grep linux | cut -f 4) = 96M ]'
ringctl info linux | grep -q '^memory: *96M'
in_guest linux 'echo memory-$(awk "/MemTotal/ { print (\$2 < 98304) }" /proc/meminfo)-c' 'memory-1-c'
ringctl memory set linux 150M
until_true '[ $(ringctl list | grep linux | cut -f 4) = 150M ]'
expect 6 ringctl memory set linux 200M
# More than a Linux that runs has prepared for.
ringctl memory max linux 200M | grep -q 'at most 200M'
ringctl info linux --json | grep -q '"max_memory_kib":204800'
expect 4 ringctl memory max linux 64M

# A guest's kernel takes a device away a moment after it has let it go.
step 'disks'
dd if=/dev/zero of=/tmp/a.img bs=1M count=8 2>/dev/null
ringctl disk attach linux /tmp/a.img,raw,xvdb,rw
until_true 'ringctl disk list linux | grep xvdb | grep -q "connected.*connected"'
in_guest linux 'echo to-the-disk | dd of=/dev/xvdb conv=fsync 2>/dev/null; echo disk-$(grep -c xvdb /proc/partitions)-d' 'disk-1-d'
head -n 1 /tmp/a.img | grep -q to-the-disk
expect 4 ringctl disk attach linux /tmp/a.img,raw,xvdc,rw
expect 4 ringctl disk attach linux /tmp/a.img,raw,xvdb,ro
expect 5 ringctl disk attach linux /tmp/none.img,raw,xvdc,rw
ringctl disk detach linux xvdb
in_guest linux 'while grep -q xvdb /proc/partitions; do usleep 100000; done; echo disk-$((1 - 1))-e' 'disk-0-e'
[ $(ringctl disk list linux | wc -l) = 1 ]
expect 3 ringctl disk detach linux xvdb
[ -z "$(losetup -a | grep a.img)" ] || fail 'a loop device is left'

step 'a disk that the guest uses'
ringctl disk attach linux /tmp/a.img,raw,xvdb,rw
until_true 'ringctl disk list linux | grep xvdb | grep -q "connected.*connected"'
in_guest linux 'exec 3</dev/xvdb; echo open-f' 'open-f'
# Linux lets it go all the same; who has it open gets errors.
ringctl disk detach linux xvdb
in_guest linux 'exec 3<&-; echo closed-g' 'closed-g'
in_guest linux 'while grep -q xvdb /proc/partitions; do usleep 100000; done; echo disk-$((1 - 1))-h' 'disk-0-h'

step 'network cards'
ringctl net attach linux
until_true 'ringctl net list linux | grep ^1 | grep -q "connected.*connected"'
in_guest linux 'ip link set eth1 up && echo card-i' 'card-i'
ringctl net detach linux 1
in_guest linux 'while [ -e /sys/class/net/eth1 ]; do usleep 100000; done; echo cards-$(ls -d /sys/class/net/eth* | wc -l)-j' 'cards-1-j'
# The one that is in use: it has an address, and packets.
ringctl net detach linux 0
in_guest linux 'while [ -e /sys/class/net/eth0 ]; do usleep 100000; done; echo cards-$((1 - 1))-k' 'cards-0-k'
[ $(ringctl net list linux | wc -l) = 0 ]
expect 3 ringctl net detach linux 0
expect 3 ringctl wait linux --for network
expect 3 ringctl net attach linux bridge=none
ringctl net attach linux
until_true '[ $(ringctl net list linux | grep -c ^0) = 1 ]'
in_guest linux 'until [ -e /sys/class/net/eth0 ]; do usleep 100000; done; echo card-l' 'card-l'
in_guest linux 'ip link set eth0 up; udhcpc -q -t 20 -T 1 -i eth0 -s /bin/dhcp-event; echo lease-m' 'lease-m'
ringctl wait linux --for network --timeout 20 >/dev/null
until_true 'ringctl net list linux | grep ^0 | grep -q "connected.*connected"'

step 'magic keys'
ringctl sysrq linux h
ringctl wait linux --for 'console:sysrq: HELP' --timeout 20 >/dev/null
expect 2 ringctl sysrq linux help
ringctl destroy linux
"#;

const ORDERS: &str = r#"
ringctl events --follow >/tmp/events &
ringctl create /guests/linux.toml net= disk= --paused
ringctl wait linux --for running --timeout 1 2>/tmp/error && fail 'a paused guest runs' || [ $? = 7 ]
ringctl explain linux | grep -q 'ringctl unpause linux'
expect 9 ringctl shutdown linux
ringctl unpause linux
ringctl logs linux --follow >/tmp/followed &
is_up linux

step 'pause and unpause'
ringctl pause linux; ringctl pause linux
ringctl list | grep -q 'linux.*paused'
before=$(ringctl vcpu list linux | cut -f 4); sleep 1
[ "$before" = "$(ringctl vcpu list linux | cut -f 4)" ] || fail 'a paused guest ran'
ringctl unpause linux; ringctl unpause linux
in_guest linux 'echo unpaused-$((1 + 1))' 'unpaused-2'

step 'the console from its first byte, and logs of the last of it'
sleep 3
in_guest linux 'echo late-$((2 + 1))' 'late-3'
printf '\035' | ringctl console linux | grep -q 'The guest is up'
ringctl logs linux | grep -q 'The guest is up'
ringctl logs linux --since 2s | grep -q late-3
! ringctl logs linux --since 2s | grep -q 'The guest is up'
ringctl logs linux --timestamps | grep -q '^20[0-9T:.-]*Z The guest is up'
grep -q late-3 /tmp/followed

step 'a restart is another domain of the same name'
first=$(ringctl list | grep linux | cut -f 1)
ringctl reboot linux --wait --timeout 60
until_true "ringctl list | grep linux | grep -qv '^$first'"
until_true '[ $(ringctl logs linux | grep -c "The guest is up") = 2 ]'
ringctl info linux | grep -q 'restarts: *1'
grep -q 'linux restarted restart 1' /tmp/events

step 'a guest under another name'
ringctl rename linux web
expect 3 ringctl info linux
expect 5 ringctl rename web 7
ringctl create /guests/hello.toml on.poweroff=preserve
expect 4 ringctl rename web hello
ringctl wait hello --for shutdown --timeout 30 | grep poweroff
ringctl list | grep -q 'hello.*shutdown (poweroff)'
expect 3 ringctl wait hello --for console:never
expect 3 ringctl wait none --for shutdown
expect 5 ringctl wait web --for 'console:('
ringctl destroy hello

step 'all guests are asked to end'
ringctl create /guests/http.toml
ringctl wait http --for network --timeout 60
ringctl shutdown --all --wait --timeout 60
[ $(ringctl list | wc -l) = 1 ]
until_true 'grep -q "http destroyed" /tmp/events'
expect 3 ringctl shutdown web
ringctl destroy --all

step 'a guest that does not listen'
ringctl create /guests/hello.toml --paused
ringctl unpause hello; ringctl pause hello || true
ringctl destroy --all
ringctl create /guests/linux.toml net= disk= name=deaf
is_up deaf
# What the kernel runs when it is asked to end.
in_guest deaf 'rm /sbin/poweroff; echo deaf-$((1 + 1))' 'deaf-2'
expect 7 ringctl shutdown deaf --wait --timeout 2
ringctl destroy deaf
[ $(ringctl list | wc -l) = 1 ]

step 'nodes of the store'
ringctl store write /test/one 1
ringctl store watch /test >/tmp/changes &
until_true '[ -s /tmp/changes ]'
ringctl store write /test/two 2
[ $(ringctl store read /test/two) = 2 ]
ringctl store ls /test | grep -q '^/test/two = "2"'
[ $(ringctl store ls -r / | wc -l) -gt 5 ]
ringctl store rm /test
until_true 'grep -q "^/test (absent)" /tmp/changes'
grep -q '^/test/two = "2"' /tmp/changes
expect 3 ringctl store read /test/two
expect 3 ringctl store rm /test
# Below /local/domain/0, as the protocol has it.
[ $(ringctl store read name) = dom0 ]
ringctl dmesg | grep -q '^(RW)' || ringctl dmesg | grep -q '^(XEN)'
ringctl completions bash | grep -q dump-core
"#;
