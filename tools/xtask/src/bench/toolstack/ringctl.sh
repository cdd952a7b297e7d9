set -e
PATH=$PATH:/ringwall/bin
echo 'name = "small"
kernel = "/bench/small"
memory = "128M"' >/tmp/small.toml
echo 'name = "debian"
kernel = "/bench/debian"
memory = "256M"' >/tmp/debian.toml
for round in 1 2 3 4 5 6 7 8; do
    stopwatch create_small ringctl create /tmp/small.toml --paused
    stopwatch destroy_small ringctl destroy small
    stopwatch list ringctl list
    stopwatch true busybox true
done
for round in 1 2 3 4; do
    stopwatch create_debian ringctl create /tmp/debian.toml --paused
    stopwatch destroy_debian ringctl destroy debian
done
number=1
while [ $number -le 100 ]; do
    case $number in
    [1-8]) name=create_first ;;
    9[3-9] | 100) name=create_hundredth ;;
    *) name=create_other ;;
    esac
    stopwatch $name ringctl create /tmp/small.toml --paused memory=16M name=small$number
    number=$((number + 1))
done
ringctl destroy --all >/dev/null
store-bench /var/run/xenstored/socket 2
