set -e
PATH=$PATH:/ringwall/bin
xen-start >/dev/null
echo 'name="small"
kernel="/bench/small"
memory=128' >/tmp/small
echo 'name="debian"
kernel="/bench/debian"
memory=256' >/tmp/debian
for round in 1 2 3 4; do
    stopwatch create_small xl create -p /tmp/small
    stopwatch destroy_small xl destroy small
    stopwatch list xl list
    stopwatch true busybox true
done
for round in 1 2 3; do
    stopwatch create_debian xl create -p /tmp/debian
    stopwatch destroy_debian xl destroy debian
done
store-bench /var/run/xenstored/socket 2
