//! The store's server in dom0, with Debian's clients and Linux's own.

use anyhow::{Result, ensure};

use super::case::{Case, Report};

/// Starts the server; `serve` waits until it answers.
const START: &str = "\
    modprobe -a xen-privcmd xen-evtchn xen-gntdev
    mkdir -p /var/run/xenstored
    socket=/var/run/xenstored/socket
    serve() {
        /ringwall/bin/serve /tmp/store $socket >>/tmp/serve.log 2>&1 &
        server=$!
        until xenstore-ls / >/dev/null 2>&1; do
            kill -0 $server || { cat /tmp/serve.log; exit 1; }
            sleep 0.1
        done
    }
    by_kernel() { XENSTORED_PATH=/dev/xen/xenbus \"$@\"; }
    serve
";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "store/clients",
            "Debian's clients and Linux reach the store, which outlives its server",
        )
        .arguments(["--xen-tools"])
        .tool("ringwall-xenstore:serve")
        .commands(leak(
            "
            xenstore-write /test/a hello /test/b world
            xenstore-chmod /test/b n5 r3
            echo listed=$(xenstore-list /test | tr '\\n' ' ')
            echo read=$(xenstore-read /test/a)
            # Linux has the store by a ring, and its processes have it through Linux.
            echo kernel=$(by_kernel xenstore-read /test/a)
            by_kernel xenstore-write /local/domain/0/name Domain-0
            echo relative=$(by_kernel xenstore-read name)
            xenstore-watch -n 3 /test >/tmp/watch 2>/dev/null &
            watcher=$!
            by_kernel xenstore-watch -n 4 /test >/tmp/kernel-watch &
            sleep 1
            xenstore-write /test/c 1
            sleep 1
            before=$(xenstore-ls -p /)
            kill -9 $server
            sleep 0.2
            serve
            echo same=$([ \"$before\" = \"$(xenstore-ls -p /)\" ] && echo yes)
            # The kernel does not know that the server was away, and its watch is there.
            by_kernel xenstore-write /test/d 2
            xenstore-rm /test/c
            sleep 1
            echo kernel_watch=$(tr '\\n' ' ' </tmp/kernel-watch)
            echo watch=$(tr '\\n' ' ' </tmp/watch)
            echo after=$(xenstore-read /test/d)
            by_kernel xenstore-ls /test >/dev/null && echo through=yes
            xenstore-read /test/c 2>/dev/null || echo removed=yes
            kill $watcher 2>/dev/null
            true
            ",
        ))
        .check(served),
        Case::new(
            "store/rate",
            "requests through the socket are measured, beside what two processes can exchange at all",
        )
        .arguments(["--xen-tools"])
        .tool("ringwall-xenstore:serve")
        .tool("ringwall-xenstore:store-bench")
        .commands(leak("/ringwall/bin/store-bench $socket 3"))
        .check(measured)
        .long(),
    ]
}

fn leak(commands: &str) -> &'static str {
    Box::leak(format!("{START}{commands}").into_boxed_str())
}

fn served(report: &Report<'_>) -> Result<()> {
    for line in [
        "listed=a b ",
        "read=hello",
        "kernel=hello",
        "relative=Domain-0",
        "same=yes",
        "kernel_watch=/test /test/c /test/d /test/c ",
        "after=2",
        "through=yes",
        "removed=yes",
    ] {
        report.has_line(line.trim_end())?;
    }
    // Clients of the socket see that the server is gone.
    report.has_line("watch=/test /test/c")
}

/// The figures are for the reader: what they are depends on what else the test's machine does.
fn measured(report: &Report<'_>) -> Result<()> {
    for name in ["echo", "write", "read", "mixed", "transaction"] {
        let rate = report.number(name)?;
        ensure!(rate > 0.0, "no {name} was done");
        println!("      {name}: {rate:.0} a second");
    }
    Ok(())
}
