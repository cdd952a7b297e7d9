//! A network namespace for one test.

use std::process::Command;

/// Set in the process that runs a test inside.
const INSIDE: &str = "RINGWALL_TEST_NAMESPACE";

/// Runs the named test of this program in a network namespace of its own, where `ip` and this
/// process's threads see nothing but a loopback interface. The test calls this first, and goes on if
/// it is true.
pub(crate) fn enter(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        // Names of further namespaces are files in /run: not in the machine's.
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "run", "/run"])
            .status();
        assert!(mounted.unwrap().success());
        return true;
    }
    let probe = Command::new("unshare")
        .args(["--net", "--mount", "true"])
        .output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: network namespaces need root");
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let mut inside = Command::new("unshare");
    inside.args(["--net", "--mount"]).arg(program);
    let output = inside
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test is named {test}: {text}");
    print!("{text}");
    false
}

/// Runs `ip` of iproute2 and returns what it prints.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "ip {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
