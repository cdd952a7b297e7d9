//! What each command prints with `--json`, held to the types that `tools/api/schema.json` describes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use ringwall_api::check_reply;
use serde_json::Value;

use super::{Case, commands};
use crate::tests::case::Report;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/json",
            "each command's JSON is as its schema says",
        )
        .commands(commands(COMMANDS))
        .check(check)
        .limit_seconds(300),
    ]
}

/// Each line of JSON stands after the name of its command in the schema.
const COMMANDS: &str = r#"
# Prints what a command says, each line after its name.
json() { name=$1; shift; "$@" --json >/tmp/json || fail "$*"; sed "s/^/@json $name@/" /tmp/json; }
json 'create --dry-run' ringctl create /guests/linux.toml --dry-run
json create ringctl create /guests/linux.toml vcpus=2 max_memory=140M
json wait ringctl wait linux --for running
is_up linux
json wait ringctl wait linux --for 'console:The guest is up'
json wait ringctl wait linux --for network
json list ringctl list
json info ringctl info linux
json info ringctl info dom0
json 'vcpu list' ringctl vcpu list linux
json 'vcpu pin' ringctl vcpu pin linux 0 0
json 'vcpu set' ringctl vcpu set linux 1
json 'memory set' ringctl memory set linux 120M
json 'memory max' ringctl memory max linux 150M
dd if=/dev/zero of=/tmp/a.img bs=1M count=1 2>/dev/null
json 'disk attach' ringctl disk attach linux /tmp/a.img,raw,xvdb,ro
json 'disk list' ringctl disk list linux
until_true 'ringctl disk list linux | grep xvdb | grep -q "connected.*connected"'
json 'disk detach' ringctl disk detach linux xvdb
json 'net attach' ringctl net attach linux
json 'net list' ringctl net list linux
json 'net detach' ringctl net detach linux 1 --force
json dmesg ringctl dmesg
json 'top (each line)' ringctl top -n 2 --interval 100ms
json 'top (each line)' ringctl top --show memory
json explain ringctl explain linux
json 'logs (each line)' ringctl logs linux
json sysrq ringctl sysrq linux h
json pause ringctl pause linux
json unpause ringctl unpause linux
json rename ringctl rename linux web
json 'store ls' ringctl store ls -r /local/domain/0
json 'store write' ringctl store write /test 1
json 'store read' ringctl store read /test
ringctl store watch /test --json >/tmp/changes &
until_true '[ -s /tmp/changes ]'
json 'store rm' ringctl store rm /test
until_true '[ $(wc -l </tmp/changes) = 2 ]'
sed 's/^/@json store watch (each line)@/' /tmp/changes
json check ringctl check /guests/linux.toml
json check ringctl check /guests/linux/vmlinuz
ringctl info none --json 2>/tmp/error || sed 's/^/@json (any that fails, on standard error)@/' /tmp/error
json reboot ringctl reboot web --wait
until_true 'ringctl list | grep -q web'
ringctl wait web --for running >/dev/null
until_true '[ $(ringctl logs web | grep -c "The guest is up") = 2 ]'
json dump-core ringctl dump-core web /tmp/core
json shutdown ringctl shutdown web --wait
until_true '[ $(ringctl list | wc -l) = 1 ]'
ringctl create /guests/hello.toml --paused >/dev/null
json destroy ringctl destroy --all
json 'events (each line)' ringctl events
"#;

fn check(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    let mut seen = BTreeSet::new();
    for line in report.output.lines() {
        let Some((command, text)) = line
            .strip_prefix("@json ")
            .and_then(|line| line.split_once('@'))
        else {
            continue;
        };
        let value: Value = serde_json::from_str(text).with_context(|| line.to_owned())?;
        check_reply(command, &value).map_err(|why| anyhow::anyhow!("{command}: {why}"))?;
        if command == "info" || command.starts_with("top") {
            counted(&value, report.on_xen).with_context(|| line.to_owned())?;
        }
        seen.insert(command.to_owned());
    }
    let schema: Value = serde_json::from_str(include_str!("../../../../api/schema.json"))?;
    let all = schema.get("properties").and_then(Value::as_object);
    for command in all.context("the schema has no commands")?.keys() {
        ensure!(seen.contains(command), "nothing of {command:?} was printed");
    }
    Ok(())
}

/// Ringwall counts, and Xen does not.
fn counted(value: &Value, on_xen: bool) -> Result<()> {
    let domains = match value.get("domains").and_then(Value::as_array) {
        Some(domains) => domains.as_slice(),
        None => std::slice::from_ref(value),
    };
    for domain in domains {
        let counters = domain.get("counters");
        ensure!(counters.is_some() != on_xen, "counters: {counters:?}");
        if let Some(faults) = counters.and_then(|counters| counters.get("page_faults")) {
            ensure!(faults.as_u64() > Some(0), "no page faults: {counters:?}");
        }
    }
    Ok(())
}
