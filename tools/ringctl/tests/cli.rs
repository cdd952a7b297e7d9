//! The command line: arguments, what is printed, and exit statuses, against a daemon that answers from a table.
//!
//! The cases are `tests/cli/*.trycmd`. `TRYCMD=overwrite cargo test -p ringctl --test cli` writes what
//! is printed into them, for a look at the difference.

use std::io::{BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use ringwall_api::{Call, Failure, Frame, Kind, Request, read_line, write_line};
use serde_json::{Value, json};

#[test]
fn commands_print_what_is_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("ringd.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || answer(stream));
        }
    });
    trycmd::TestCases::new()
        .env("RINGWALL_SOCKET", socket.display().to_string())
        .env("NO_COLOR", "1")
        .case("tests/cli/*.trycmd");
}

fn answer(stream: UnixStream) {
    let call: Call = read_line(&mut BufReader::new(&stream)).unwrap().unwrap();
    assert_eq!(call.version, ringwall_api::VERSION);
    let is_console = matches!(call.request, Request::Console { .. });
    for frame in frames(call.request) {
        write_line(&mut &stream, &frame).unwrap();
    }
    if is_console {
        (&stream).write_all(b"Welcome to web\r\n").unwrap();
    }
}

/// What the daemon says. Domain `web` has number 7; there is no other one.
fn frames(request: Request) -> Vec<Frame> {
    let reply = |value: Value| vec![Frame::Reply(value)];
    let changed = |what: &str| json!({"id": 7, "name": "web", "what": what});
    let text = format!("{request:?}");
    if text.contains("\"none\"") {
        let message = "no domain is named \"none\": ringctl list names them";
        return vec![Frame::Failure(Failure::new(Kind::NotFound, message))];
    }
    match request {
        Request::Create { guest, paused } => {
            assert!(guest.kernel.is_absolute());
            reply(json!({"id": if paused { 8 } else { 7 }, "name": guest.name}))
        }
        Request::List => reply(json!([summary(0, "dom0"), summary(7, "web")])),
        Request::Info { .. } => {
            let mut info = summary(7, "web");
            for (key, value) in [
                ("uuid", json!("12345678-1234-1234-1234-123456789abc")),
                ("restarts", json!(0)),
                ("vcpu", json!([vcpu()])),
                ("disk", json!([disk()])),
                ("net", json!([net()])),
                ("console_bytes", json!(15)),
                ("console_attached", json!(1)),
                ("log", json!("/var/log/ringwall/web.log")),
            ] {
                info[key] = value;
            }
            reply(info)
        }
        Request::Destroy { .. } => reply(json!([changed("destroyed")])),
        Request::End { how, wait_ms, .. } => {
            let what = format!("asked for {} of", how.word());
            match wait_ms {
                Some(0) => vec![Frame::Failure(Failure::new(
                    Kind::TimedOut,
                    "web did not end in 0 s: ringctl destroy web ends it at once",
                ))],
                _ => reply(json!([changed(&what)])),
            }
        }
        Request::Pause { .. } => reply(json!([changed("paused")])),
        Request::Unpause { .. } => reply(json!([changed("unpaused")])),
        Request::Logs { .. } => vec![
            Frame::Item(json!({"time_ms": 1000, "text": "first"})),
            Frame::Item(json!({"time_ms": 2000, "text": "second"})),
            Frame::Reply(Value::Null),
        ],
        Request::Wait { condition, .. } => reply(
            json!({"id": 7, "name": "web", "waited_ms": 1234, "detail": format!("{condition:?}")}),
        ),
        Request::VcpuList { .. } | Request::VcpuPin { .. } | Request::VcpuSet { .. } => {
            reply(json!([vcpu()]))
        }
        Request::MemorySet { kib, .. } | Request::MemoryMax { kib, .. } => reply(json!({
            "id": 7, "name": "web", "memory_kib": 65536, "target_kib": kib, "max_memory_kib": 262_144
        })),
        Request::DiskList { .. } => reply(json!([disk()])),
        Request::DiskAttach { .. } | Request::DiskDetach { .. } => reply(disk()),
        Request::NetList { .. } => reply(json!([net()])),
        Request::NetAttach { .. } | Request::NetDetach { .. } => reply(net()),
        Request::Dmesg => reply(json!(["(RW) one", "(RW) two"])),
        Request::Sample { .. } => reply(json!({
            "time_ns": 1, "domains": [summary(0, "dom0")],
            "machine": {"hypervisor": "Ringwall 4.17", "total_kib": 1_048_576, "free_kib": 4096,
                        "cpus": 1, "cpu_khz": 2_600_000},
        })),
        Request::Rename { .. } => reply(changed("renamed")),
        Request::Sysrq { .. } => reply(changed("pressed a key of")),
        Request::DumpCore { .. } => reply(changed("dumped")),
        Request::StoreList { .. } => {
            reply(json!([{"path": "/local", "value": ""}, {"path": "/tool", "value": "x"}]))
        }
        Request::StoreRead { path } => reply(json!({"path": path, "value": "web"})),
        Request::StoreWrite { path, value } => reply(json!({"path": path, "value": value})),
        Request::StoreWatch { path } => vec![
            Frame::Item(json!({"path": path, "value": "x"})),
            Frame::Item(json!({"path": path})),
            Frame::Reply(Value::Null),
        ],
        Request::Explain { .. } => reply(json!({
            "id": 7, "name": "web", "state": "blocked",
            "findings": ["all virtual CPUs wait for events"],
            "vcpu": [vcpu()], "disk": [], "net": [],
            "event_channels": [{"port": 1, "vcpu": 0, "bound_to": "domain 0 port 9"}],
        })),
        Request::Events { .. } => vec![
            Frame::Item(json!({"time_ms": 0, "id": 7, "name": "web", "kind": "created"})),
            Frame::Item(
                json!({"time_ms": 1, "id": 7, "name": "web", "kind": "shutdown",
                               "detail": "poweroff"}),
            ),
            Frame::Reply(Value::Null),
        ],
        Request::StoreRemove { .. } | Request::Console { .. } => reply(Value::Null),
    }
}

fn summary(id: u16, name: &str) -> Value {
    json!({"id": id, "name": name, "state": "running", "memory_kib": 65536, "vcpus": 1,
           "max_vcpus": 2, "cpu_time_ns": 1_500_000_000})
}

fn vcpu() -> Value {
    json!({"vcpu": 0, "online": true, "blocked": true, "running": false, "cpu": 0,
           "cpu_time_ns": 2_000_000_000_u64, "affinity": "0-3"})
}

fn disk() -> Value {
    json!({"device": "xvda", "number": 51712, "path": "/images/web.img", "mode": "w",
           "back": "connected", "front": "connected"})
}

fn net() -> Value {
    json!({"index": 0, "mac": "00:16:3e:00:00:01", "bridge": "ringwall0", "interface": "vif7.0",
           "ip": "10.77.0.2", "back": "connected", "front": "init-wait"})
}
