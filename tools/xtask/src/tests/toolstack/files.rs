//! Guest files, overrides and checks before anything is created.

use super::{Case, commands};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/xl",
            "a file that was written for xl makes the guest that it describes",
        )
        .commands(commands(
            r#"
dd if=/dev/zero of=/tmp/first.img bs=1M count=4 2>/dev/null
dd if=/dev/zero of=/tmp/second.img bs=1M count=4 2>/dev/null
second=$(losetup -f); losetup $second /tmp/second.img
cat >/tmp/classic.cfg <<END
# As xl.cfg(5) has it.
name = 'classic'
type = "pv"
kernel = "/guests/linux/vmlinuz"
ramdisk = "/guests/linux/initrd.gz"
root = "/dev/ram0 ro"
extra = "console=hvc0 quiet"
memory = 96
maxmem = 112
vcpus = 2
maxvcpus = 2
cpus = "0"
disk = [ '/tmp/first.img,raw,xvda,rw',
         'phy:$second,xvdb,r' ]
vif = [ 'mac=00:16:3e:11:22:33' ]
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "preserve"
vnc = 1
END
ringctl create /tmp/classic.cfg 2>/tmp/warning
grep -q 'classic.cfg:19:1: "vnc" has no effect' /tmp/warning || fail "$(cat /tmp/warning)"
[ $(wc -l </tmp/warning) = 1 ]
is_up classic
ringctl wait classic --for network --timeout 60 >/dev/null
ringctl net list classic | grep -q '00:16:3e:11:22:33'
ringctl disk list classic | grep -q "xvdb.r.$second"
in_guest classic 'echo cpus-$(nproc)-$(cat /sys/block/xvdb/ro)-$(cat /proc/cmdline)' 'cpus-2-1-root=/dev/ram0 ro console=hvc0 quiet'
ringctl info classic | grep -q 'on: *poweroff destroy, reboot restart, crash preserve'
in_guest classic 'reboot -f; sleep 9' 'reboot'
until_true 'ringctl info classic | grep -q "restarts: *1"'
until_true '[ $(ringctl logs classic | grep -c "The guest is up") = 2 ]'
in_guest classic 'poweroff -f; sleep 9' 'poweroff'
until_true '[ $(ringctl list | wc -l) = 1 ]'
losetup -a | grep -q first.img && fail 'a loop device is left' || true
"#,
        ))
        .limit_seconds(240),
        Case::new(
            "toolstack/check",
            "kernels and guest files are judged before a domain is made",
        )
        .commands(commands(
            r#"
ringctl check /guests/linux.toml >/tmp/good
grep -q '^packed: *lz4' /tmp/good && grep -q '^guest: *linux' /tmp/good || fail "$(cat /tmp/good)"
grep -q 'all, with gaps' /tmp/good
ringctl check /guests/hello/kernel >/dev/null
ringctl check /guests/linux/vmlinuz memory=1G | grep -q "of the guest's memory.*1024M"
expect 5 ringctl check /guests/linux.toml memory=32M
cat /tmp/error
grep -q 'MiB\|KiB\|pages' /tmp/error || fail 'the sum is not named'
expect 5 ringctl check /bin/busybox
cat /tmp/error
expect 5 ringctl check /init
expect 5 ringctl check /none
printf 'name = "a"\nmemory = "much"\n' >/tmp/a.toml
expect 5 ringctl check /tmp/a.toml
grep -q 'a.toml:2:' /tmp/error || fail "$(cat /tmp/error)"
printf 'name = "a"\nkernal = "/x"\n' >/tmp/a.toml
expect 5 ringctl create /tmp/a.toml
grep -q 'a.toml:2:1' /tmp/error || fail "$(cat /tmp/error)"
step 'nothing is made'
ringctl create /guests/linux.toml --dry-run memory=96M name=dry vcpus=2 | grep -q '"memory_kib": *98304'
expect 5 ringctl create /guests/linux.toml --dry-run disk=/none,raw,xvda
expect 2 ringctl create /guests/linux.toml --dry-run --paused
expect 5 ringctl create /guests/linux.toml nonsense=1
expect 5 ringctl create /guests/linux.toml vcpus=0
[ $(ringctl list | wc -l) = 1 ]
expect 2 ringctl nonsense
expect 8 ringctl --socket /none list
"#,
        )),
    ]
}
