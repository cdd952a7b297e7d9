# Debian's clients of the store, against ringd's socket at their own default place.

unset XENSTORED_PATH
is() { [ "$2" = "$3" ] || wrong "$1: $2, not $3"; }
xenstore-exists /local/domain/0/name || wrong 'dom0 has no name'
xenstore-exists /test && wrong 'there is a node before it was made'
xenstore-write /test/a hello /test/b world || wrong 'no write'
is read "$(xenstore-read /test/a)" hello
is 'read of two' "$(xenstore-read /test/a /test/b | tr '\n' ' ')" 'hello world '
is list "$(xenstore-list /test | tr '\n' ' ')" 'a b '
xenstore-chmod /test/b n5 r3 || wrong 'no chmod'
is permissions "$(xenstore-ls -p /test | tr -s ' .' ' ' | tr '\n' ';')" 'a = "hello" (n0);b = "world" (n5,r3);'
xenstore-read /test/none 2>/dev/null && wrong 'a node that is not there was read'
xenstore-watch -n 3 /test >/tmp/watch 2>/dev/null &
watcher=$!
sleep 1
xenstore-write /test/c 1
xenstore-rm /test/c
wait $watcher || wrong 'the watch ended badly'
is watch "$(tr '\n' ' ' </tmp/watch)" '/test /test/c /test/c '
# ringctl and Debian's clients see the same; so does Linux by its ring.
is 'ringctl reads' "$(ringctl store read /test/a)" hello
ringctl store write /test/d from-ringctl
is 'xenstore-read reads' "$(xenstore-read /test/d)" from-ringctl
is 'through the kernel' "$(XENSTORED_PATH=/dev/xen/xenbus xenstore-read /test/d)" from-ringctl
# A domain's nodes, with their owners.
ringctl create /guests/http.toml >/dev/null
id=$(number http)
is name "$(xenstore-read "/local/domain/$id/name")" http
xenstore-ls -p "/local/domain/$id" | grep -q "data = \"\".*(n$id)" || wrong "the owner of the domain's data"
ringctl wait http --for network --timeout 60 >/dev/null || { wrong 'no network'; ringctl explain http; ringctl logs http; told; }
is state "$(xenstore-read "/local/domain/0/backend/vif/$id/0/state")" 4
xenstore-write "/local/domain/$id/control/shutdown" poweroff
for try in $(seq 100); do ringctl list | grep -q http || break; usleep 100000; done
ringctl list | grep -q http && wrong 'the domain did not hear of its shutdown'
xenstore-exists "/local/domain/$id" && wrong 'its nodes are left'
xenstore-rm /test && xenstore-exists /test && wrong 'it was not removed'
xenstore-ls / >/dev/null || wrong 'no list of all'
passed
