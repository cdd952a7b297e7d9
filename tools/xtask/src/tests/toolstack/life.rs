//! Domains from creation to their end.

use super::Case;

/// The tour's name.
pub(in crate::tests) const TOUR: &str = "toolstack/demo";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("toolstack/life", "a domain is created, paused, listed, and destroyed")
            .commands(
                "set -e
                ringctl create /guests/hello.toml --paused
                ringctl list | grep -q 'hello.*paused'
                ringctl explain hello | grep -q 'never run'
                if ringctl create /guests/hello.toml; then exit 1; else [ $? = 4 ]; fi
                ringctl rename hello other
                ringctl info other | grep -q 'name: *other'
                ringctl destroy other
                [ $(ringctl list | wc -l) = 1 ]
                if ringctl info other; then exit 1; else [ $? = 3 ]; fi
                ringctl events | grep -q 'other destroyed'",
            ),
        Case::new("toolstack/console", "what a domain writes is kept from its first byte, also past its end")
            .commands(
                "set -e
                ringctl create /guests/hello.toml on.poweroff=preserve on.crash=preserve
                ringctl wait hello --for shutdown --timeout 60
                ringctl logs hello | grep -i hello
                ringctl destroy hello
                ringctl logs hello | grep -i hello",
            ),
        Case::new("toolstack/killed", "ringd is killed and started again, and domains go on")
            .commands(
                "set -e
                ringctl create /guests/linux.toml net= disk=
                ringctl wait linux --for 'console:The guest is up' --timeout 120
                killall -9 ringd
                ringd-start
                ringctl list | grep -q linux
                ringctl events | grep -q 'linux adopted'
                printf '%s\\n\\035' 'echo still-$((40 + 2))' | ringctl console linux >/dev/null
                ringctl wait linux --for 'console:still-42' --timeout 30
                ringctl destroy linux",
            ),
        Case::new("toolstack/restarts", "a domain that restarts is restarted, up to a limit")
            .commands(
                "set -e
                ringctl create /guests/hello.toml on.poweroff=restart on.crash=restart on.restart_limit=2
                for try in $(seq 100); do ringctl list | grep -q hello || break; sleep 0.3; done
                ringctl events
                [ $(ringctl events | grep -c 'hello restarted') = 2 ]
                ringctl events | grep -q 'not restarted any more'",
            ),
        Case::new(TOUR, "the tour of cargo xtask run --demo")
            .commands(crate::run::DEMO)
            .limit_seconds(300),
    ]
}
