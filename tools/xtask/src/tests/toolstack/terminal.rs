//! What is for people: tables, colours, `top` and the console on a terminal.

use anyhow::{Result, ensure};

use super::{Case, commands};
use crate::tests::case::Report;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/terminal",
            "tables and colours are for terminals, where top draws and a console takes keys",
        )
        .program("pty")
        .commands(commands(
            r#"
pty=/ringwall/bin/pty
escape=$(printf '\033')
ringctl create /guests/linux.toml net= disk= >/dev/null
is_up linux
ringctl list | grep -q "$escape" && fail 'colours in a pipe'
ringctl list | grep -q NAME && fail 'headings in a pipe'
$pty '' ringctl list >/tmp/terminal
grep -q "$escape" /tmp/terminal || fail 'no colours on a terminal'
grep -q NAME /tmp/terminal || fail 'no headings on a terminal'
$pty '' env NO_COLOR=1 ringctl list | grep -q "$escape" && fail 'colours in spite of NO_COLOR'
$pty '' ringctl --color never list | grep -q "$escape" && fail 'colours in spite of --color never'
ringctl --color always info linux | grep -q "$escape" || fail "no colours in spite of --color always"
$pty '' ringctl info linux | grep -q 'page tables' || echo 'no counters'
step 'top'
$pty 'vvq' ringctl top --interval 500ms >/tmp/top
grep -q 'FAULTS/S' /tmp/top && grep -q WRITABLE /tmp/top && grep -q linux /tmp/top || fail 'top did not draw'
$pty 'x' ringctl top -n 2 --interval 200ms >/dev/null
ringctl top --interval 500ms | grep linux
ringctl top --show counters --interval 500ms | grep linux
ringctl top --show memory --interval 100ms | grep linux
step 'the console'
$pty "$(printf 'echo typed-$((5+5))\n  ^]')" ringctl console linux >/tmp/console
ringctl wait linux --for console:typed-10 --timeout 20 >/dev/null || fail 'the guest did not get the keys'
grep -q 'The guest is up' /tmp/console || fail 'nothing was replayed'
grep -q 'detaches' /tmp/console || fail 'nothing says how to detach'
ringctl list | grep -q linux
$pty '  ^]' ringctl create /guests/hello.toml --console >/tmp/hello
grep -qi hello /tmp/hello || fail 'a console from its first byte'
"#,
        ))
        .check(escapes)
        .limit_seconds(240),
    ]
}

/// The log of a job has no escapes.
fn escapes(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    ensure!(
        !report.output.contains('\x1b'),
        "escapes in the output of a job"
    );
    Ok(())
}
