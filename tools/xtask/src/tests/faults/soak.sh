# A hundred lives of a domain with disk and network leave nothing; and the hundredth domain is made beside 99.

now() { cut -d ' ' -f 1 /proc/uptime; }
elapsed() { echo "$1 $(now)" | awk '{ printf "%.3f", $2 - $1 }'; }
truncate -s 16M /tmp/disk
life() {
    ringctl create /guests/http.toml disk=/tmp/disk,raw,xvda >/dev/null || fail "create $1"
    [ "$(($1 % 10))" = 0 ] && ringctl wait http --for network --timeout 60 >/dev/null
    ringctl destroy http >/dev/null || fail "destroy $1"
}
life 0
begin
begun=$(now)
for round in $(seq 100); do life "$round"; done
echo "lives=$(elapsed "$begun")"
same lives

# They stay paused: what is measured is their creation.
hundred() {
    for number in $(seq 100); do
        begun=$(now)
        ringctl create /guests/hello.toml "name=small$number" --paused >/dev/null || fail "create small$number"
        case $number in 1 | 2 | 50 | 99 | 100) echo "$1create$number=$(elapsed "$begun")" ;; esac
    done
    begun=$(now)
    ringctl list >/dev/null
    echo "$1list=$(elapsed "$begun")"
    begun=$(now)
    ringctl destroy --all >/dev/null || wrong 'no destroy of all'
    echo "$1destroy_all=$(elapsed "$begun")"
}
# The hypervisor keeps what it has taken to know of a hundred domains at a time: the next hundred take no more.
hundred first_
begin
hundred ''
same small
passed
