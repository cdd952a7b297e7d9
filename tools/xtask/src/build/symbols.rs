//! Function names for backtraces, as the hypervisor reads them.
//!
//! Little endian: the magic, `u32` size of all of it in bytes, `u32` count, then per function
//! `u32` offset from `__image_start` and `u32` offset of its name in the string area that follows.
//! Functions are sorted by offset, names end with a NUL.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// The first bytes of the table.
const MAGIC: &[u8; 8] = b"RWSYMS01";
/// Bytes before the first entry.
const HEADER_SIZE: usize = 16;
/// Bytes of an entry.
const ENTRY_SIZE: usize = 8;
/// The longest name that is kept, in bytes.
const NAME_LIMIT: usize = 80;

/// The table of `functions`: mangled names by offset from `__image_start`.
pub(super) fn encode(functions: &BTreeMap<u32, &str>) -> Result<Vec<u8>> {
    let mut entries = Vec::with_capacity(functions.len() * ENTRY_SIZE);
    let mut strings = Vec::new();
    let mut seen = BTreeMap::new();
    for (offset, name) in functions {
        let name = shorten(name);
        let position = match seen.get(&name) {
            Some(position) => *position,
            None => {
                let position = u32::try_from(strings.len())?;
                strings.extend_from_slice(name.as_bytes());
                strings.push(0);
                seen.insert(name, position);
                position
            }
        };
        entries.extend_from_slice(&offset.to_le_bytes());
        entries.extend_from_slice(&position.to_le_bytes());
    }
    let size = HEADER_SIZE + entries.len() + strings.len();
    let mut table = Vec::with_capacity(size);
    table.extend_from_slice(MAGIC);
    table.extend_from_slice(&u32::try_from(size).context("symbol table")?.to_le_bytes());
    table.extend_from_slice(&u32::try_from(functions.len())?.to_le_bytes());
    table.extend_from_slice(&entries);
    table.extend_from_slice(&strings);
    Ok(table)
}

/// Demangled, without hash and generic arguments of paths, cut at [`NAME_LIMIT`].
fn shorten(mangled: &str) -> String {
    let full = format!("{:#}", rustc_demangle::demangle(mangled));
    let mut short = String::with_capacity(full.len());
    let mut rest = full.as_str();
    while let Some(start) = rest.find("::<") {
        short.push_str(&rest[..start]);
        rest = after_arguments(&rest[start + 2..]);
    }
    short.push_str(rest);
    while short.len() > NAME_LIMIT {
        short.pop();
    }
    short
}

/// What follows the `<...>` at the start of `text`.
fn after_arguments(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut previous = ' ';
    for (index, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            '>' if previous != '-' => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = character;
        if depth == 0 {
            return &text[index + character.len_utf8()..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_are_dropped() {
        for (full, short) in [
            ("plain::path", "plain::path"),
            ("a::b::<T, U<V>>::c", "a::b::c"),
            ("a::f::<fn() -> u8>", "a::f"),
            ("<a::T as b::U>::f", "<a::T as b::U>::f"),
        ] {
            assert_eq!(shorten(full), short);
        }
    }

    #[test]
    fn table_has_entries_then_names() {
        let table = encode(&BTreeMap::from([(0x10, "first"), (0x20, "second")])).unwrap();
        let expected = [
            b"RWSYMS01".as_slice(),
            &45_u32.to_le_bytes(),
            &2_u32.to_le_bytes(),
            &0x10_u32.to_le_bytes(),
            &0_u32.to_le_bytes(),
            &0x20_u32.to_le_bytes(),
            &6_u32.to_le_bytes(),
            b"first\0second\0",
        ];
        assert_eq!(table, expected.concat());
    }
}
