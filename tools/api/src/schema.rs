//! Holds `schema.json` to the types: what `ringctl COMMAND --json` prints, by command.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::*;
use crate::replies::replies;
use ringwall_guestfile::Guest;

fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut commands = Map::new();
    macro_rules! add {
        ($($name:literal => $type:ty,)*) => {
            $(commands.insert($name.to_owned(), generator.subschema_for::<$type>().to_value());)*
        };
    }
    replies!(add);
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
