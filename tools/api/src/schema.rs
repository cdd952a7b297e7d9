//! Holds `schema.json` to the types: what `ringctl COMMAND --json` prints, by command.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::*;

fn add<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    map: &mut Map<String, Value>,
    names: &[&str],
) {
    let schema = generator.subschema_for::<T>().to_value();
    for name in names {
        map.insert((*name).to_owned(), schema.clone());
    }
}

fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut commands = Map::new();
    let map = &mut commands;
    let g = &mut generator;
    add::<Created>(g, map, &["create"]);
    add::<ringwall_guestfile::Guest>(g, map, &["create --dry-run"]);
    add::<Vec<Summary>>(g, map, &["list"]);
    add::<Info>(g, map, &["info"]);
    add::<Vec<Changed>>(
        g,
        map,
        &["destroy", "shutdown", "reboot", "pause", "unpause"],
    );
    add::<LogLine>(g, map, &["logs (each line)"]);
    add::<Waited>(g, map, &["wait"]);
    add::<Vec<VcpuInfo>>(g, map, &["vcpu list", "vcpu pin", "vcpu set"]);
    add::<MemoryInfo>(g, map, &["memory set", "memory max"]);
    add::<Vec<DiskInfo>>(g, map, &["disk list"]);
    add::<DiskInfo>(g, map, &["disk attach", "disk detach"]);
    add::<Vec<NetInfo>>(g, map, &["net list"]);
    add::<NetInfo>(g, map, &["net attach", "net detach"]);
    add::<Vec<String>>(g, map, &["dmesg"]);
    add::<Sample>(g, map, &["top (each line)"]);
    add::<Changed>(g, map, &["rename", "sysrq", "dump-core"]);
    add::<Vec<StoreNode>>(g, map, &["store ls"]);
    add::<StoreNode>(g, map, &["store read", "store write"]);
    add::<()>(g, map, &["store rm"]);
    add::<StoreChange>(g, map, &["store watch (each line)"]);
    add::<Check>(g, map, &["check"]);
    add::<Explanation>(g, map, &["explain"]);
    add::<Event>(g, map, &["events (each line)"]);
    add::<Failure>(g, map, &["(any that fails, on standard error)"]);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("What ringctl prints with --json, version {VERSION}"),
        "properties": commands,
        "$defs": generator.take_definitions(true),
    })
}

/// `BLESS=1 cargo test -p ringwall-api` writes the file anew.
#[test]
fn the_file_has_the_types() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        kept == text,
        "schema.json is old: BLESS=1 cargo test -p ringwall-api"
    );
}
