//! Names for the addresses of a guest's backtrace: the kernel's file has them, the kernel does not.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object as _, SymbolMap, SymbolMapName};

/// How the SDK writes a line of a backtrace, before the address.
const LINE: &str = "  at 0x";

/// The lines of the log's backtraces, with the names that the kernel's file has for them.
pub(crate) fn named(log: &str, kernel: &Path) -> Result<Vec<String>> {
    let addresses: Vec<u64> = addresses(log).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(kernel).with_context(|| kernel.display().to_string())?;
    let file = object::File::parse(&*bytes).with_context(|| kernel.display().to_string())?;
    let symbols = file.symbol_map();
    let lines = addresses.into_iter();
    Ok(lines.map(|address| line(address, &symbols)).collect())
}

fn addresses(log: &str) -> impl Iterator<Item = u64> {
    log.lines().filter_map(|line| {
        let digits = line.trim_end().strip_prefix(LINE)?;
        u64::from_str_radix(digits, 16).ok()
    })
}

fn line(address: u64, symbols: &SymbolMap<SymbolMapName<'_>>) -> String {
    // It is where a call returns to: the call may have been the last of its function.
    match symbols.before(address.saturating_sub(1)) {
        Some(symbol) => format!(
            "  at {address:#018x} {:#}+{:#x}",
            rustc_demangle::demangle(symbol.name()),
            address - symbol.address()
        ),
        None => format!("  at {address:#018x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_the_log() {
        let log = "panicked at x\n  at 0xffffffff80101234\r\n  at home\n  at 0x10\nat 0x3\n";
        let found: Vec<u64> = addresses(log).collect();
        assert_eq!(found, [0xffff_ffff_8010_1234, 0x10]);
    }

    #[test]
    fn a_return_address_belongs_to_the_call_before_it() {
        let map = SymbolMap::new(vec![
            SymbolMapName::new(0x100, 0x100, "first"),
            SymbolMapName::new(0x200, 0x100, "second"),
        ]);
        assert!(line(0x200, &map).contains("first+0x100"));
        assert!(line(0x205, &map).contains("second+0x5"));
        assert_eq!(line(0x50, &map), "  at 0x0000000000000050");
    }
}
