//! The toolstack in dom0: domains created, watched and ended by `ringctl` and `ringd`.

mod dump;
mod files;
mod guests;
mod json;
mod life;
mod running;
mod terminal;

use super::case::Case;
pub(super) use life::TOUR;

/// All of them. They run on Xen too, unless they say why not.
pub(super) fn cases() -> Vec<Case> {
    let cases = [
        life::cases(),
        running::cases(),
        json::cases(),
        terminal::cases(),
        dump::cases(),
        files::cases(),
        guests::cases(),
    ];
    cases.concat().into_iter().map(Case::toolstack).collect()
}

/// What the commands of these tests may call.
const FUNCTIONS: &str = r#"set -e
fail() { echo "FAILED: $*"; exit 1; }
# Says what is done, for the log of a test that fails.
step() { echo "--- $*"; }
# Runs a command that must end with this status, and complain in one line.
expect() {
    wanted=$1; shift; found=0
    "$@" >/tmp/output 2>/tmp/error || found=$?
    [ $found = $wanted ] && [ $(wc -l </tmp/error) = 1 ] || fail "$*: $found $(cat /tmp/error)"
}
# Waits until a command succeeds, for 30 seconds.
until_true() {
    tries=0
    until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 150 ] || fail "never: $1"; usleep 200000; done
}
# Types a command in a Linux guest, and waits for a line of its console.
in_guest() {
    printf '%s\n\035' "$2" | ringctl console $1 >/dev/null
    ringctl wait $1 --for "console:$3" --timeout 60 >/dev/null || fail "$1 did not say $3"
}
# Waits until a Linux guest has a shell.
is_up() { ringctl wait $1 --for 'console:The guest is up' --timeout 120 >/dev/null || fail "$1 is not up"; }
"#;

/// Commands that call them. A test's commands last as long as the process.
fn commands(text: &str) -> &'static str {
    [FUNCTIONS, text].concat().leak()
}
