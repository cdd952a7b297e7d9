# Each mistake in what a user gives gets its status and one line, and leaves nothing.

hello=/guests/hello.toml
http=/guests/http.toml
linux=/guests/linux.toml
# The second run finds what the first one made for ever: bridge, modules, unpacked kernels.
truncate -s 8M /tmp/disk
warm() { ringctl create $http --paused disk=/tmp/disk,raw,xvda && ringctl destroy http; }
warm; begin

# Kernels and initrds.
echo no kernel >/tmp/none
: >/tmp/empty
head -c 1000000 /guests/linux/vmlinuz >/tmp/short
expect 5 /tmp/none ringctl create $hello kernel=/tmp/none
expect 5 /tmp/empty ringctl create $hello kernel=/tmp/empty
expect 5 /tmp/short ringctl create $hello kernel=/tmp/short
expect 5 /absent ringctl create $hello kernel=/absent
expect 5 /tmp ringctl create $hello kernel=/tmp
expect 5 busybox ringctl create $hello kernel=/bin/busybox
expect 5 /absent ringctl create $linux ramdisk=/absent
expect 5 /absent ringctl create /absent

# Memory and processors.
expect 5 needs ringctl create $linux memory=4M
expect 5 64K ringctl create $hello memory=64K
expect 6 MiB ringctl create $hello memory=1T
expect 6 MiB ringctl create $hello "memory=$(($(free) / 1024 + 1))M"
expect 5 vcpus ringctl create $hello vcpus=0
expect 5 '' ringctl create $hello vcpus=33
expect 5 '' ringctl create $hello memory=64M max_memory=32M

# Guest files, with line and column.
printf 'name = "a"\nkernel = "k"\nmemory = 16M\n' >/tmp/a.toml
expect 5 '^error: /tmp/a.toml:3:10: ' ringctl create /tmp/a.toml
printf 'name = "a"\nkernel = "k"\n  colour = "red"\n' >/tmp/a.toml
expect 5 '/tmp/a.toml:3:3: .*colour' ringctl create /tmp/a.toml
printf 'name = "a"\nkernel = "k"\nmemory = -1\n' >/tmp/a.toml
expect 5 '/tmp/a.toml:3:10: ' ringctl create /tmp/a.toml
printf 'kernel = "k"\nmemory = 16\nname = "a b/c"\n' >/tmp/a.toml
expect 5 '/tmp/a.toml:3:8: ' ringctl create /tmp/a.toml
printf 'name = "a"\nkernel = "k\n' >/tmp/a.cfg
expect 5 '/tmp/a.cfg:2:' ringctl create /tmp/a.cfg
expect 5 colour ringctl create $hello colour=red
expect 2 '' ringctl create

# Names and addresses.
ringctl create $hello --paused
expect 4 'in use' ringctl create $hello
ringctl destroy hello
ringctl create $http --paused net=mac=00:16:3e:00:00:01
expect 4 'in use' ringctl create $http name=other net=mac=00:16:3e:00:00:01
ringctl destroy http
expect 5 10.9.9.9 ringctl create $http net=ip=10.9.9.9
expect 5 xvda ringctl create $hello disk=/tmp/a.toml,raw,xvda disk+=/tmp/a.cfg,raw,xvda

# Bridges.
expect 3 none ringctl create $http net=bridge=none
expect 5 lo ringctl create $http net=bridge=lo
same bridges
ip link set rwbr0 down && ip link delete rwbr0
ip link add rwbr0 type bridge && ip addr add 10.99.0.1/24 dev rwbr0
killall -9 ringd; ringd-start
expect 4 rwbr0 ringctl create $http
ip link delete rwbr0

# Disks.
expect 5 /absent ringctl create $hello disk=/absent,raw,xvda
expect 5 /tmp ringctl create $hello disk=/tmp,raw,xvda
expect 5 /tmp/empty ringctl create $hello disk=/tmp/empty,raw,xvda
printf 'QFI\373' >/tmp/image; truncate -s 1M /tmp/image
expect 5 qcow2 ringctl create $hello disk=/tmp/image,raw,xvda
ringctl create $hello name=user --paused disk=/tmp/disk,raw,xvda
expect 4 user ringctl create $hello disk=/tmp/disk,raw,xvda
expect 4 user ringctl create $hello disk=/tmp/disk,raw,xvda,ro
ringctl destroy user
ringctl create $hello name=user --paused disk=/tmp/disk,raw,xvda,ro
ringctl create $hello --paused disk=/tmp/disk,raw,xvda,ro || fail 'readers go together'
ringctl destroy user hello
loop=$(losetup -f); losetup "$loop" /tmp/disk
expect 4 "$loop" ringctl create $hello disk=/tmp/disk,raw,xvda
mke2fs "$loop" >/dev/null; modprobe ext4; mount -t ext4 "$loop" /mnt || fail 'no mount'
expect 4 /mnt ringctl create $hello disk=/tmp/disk,raw,xvda
expect 4 /mnt ringctl create $hello "disk=$loop,raw,xvda"
umount /mnt; losetup -d "$loop" 2>/dev/null
# The default network is there again.
warm; same disks

# What names no domain.
for command in destroy pause unpause shutdown info explain 'vcpu list' 'disk list' 'net list'; do
    expect 3 absent ringctl $command absent
done
expect 3 dom0 ringctl destroy dom0
expect 3 dom0 ringctl destroy 0
same names
passed
