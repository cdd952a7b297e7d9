//! `cargo xtask tidy`: rules of the repository that no lint knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths;

/// Directories that hold no source of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];
/// Lints whose exception makes a file one of the unsafe ones.
const UNSAFE: [&str; 2] = ["expect(unsafe_code", "allow(unsafe_code"];
/// Where the table of the ABI's operations stands, and what a row says in its last column but one.
const ABI_TABLE: &str = "abi/README.md";

/// Prints what is untidy; the result is the process's exit status.
pub(crate) fn run() -> Result<u8> {
    let root = paths::root();
    let mut sources = Vec::new();
    collect(&root, &mut sources)?;
    let mut problems = Vec::new();
    for source in &sources {
        let text = fs::read_to_string(source).with_context(|| source.display().to_string())?;
        let name = source.strip_prefix(&root).unwrap_or(source).display();
        problems.extend(source_problems(&text).map(|problem| format!("{name}: {problem}")));
    }
    for orphan in orphans(&sources)? {
        let name = orphan.strip_prefix(&root).unwrap_or(&orphan).display();
        problems.push(format!("{name}: no module declares it"));
    }
    if let Ok(table) = fs::read_to_string(root.join(ABI_TABLE)) {
        problems.extend(table_problems(&table).map(|problem| format!("{ABI_TABLE}: {problem}")));
    }
    for problem in &problems {
        println!("{problem}");
    }
    Ok(u8::from(!problems.is_empty()))
}

fn collect(directory: &Path, sources: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && !SKIPPED.contains(&name.as_str()) {
            collect(&entry.path(), sources)?;
        } else if name.ends_with(".rs") {
            sources.push(entry.path());
        }
    }
    sources.sort();
    Ok(())
}

fn source_problems(text: &str) -> impl Iterator<Item = &'static str> {
    let tagline = text.lines().next().is_some_and(|line| {
        line.strip_prefix("//! ")
            .is_some_and(|rest| rest.chars().count() > 3)
    });
    let lines = text.lines().collect::<Vec<_>>();
    let unexplained = lines.iter().enumerate().any(|(index, line)| {
        let opts_in =
            line.trim_start().starts_with("#![") && UNSAFE.iter().any(|lint| line.contains(lint));
        opts_in && !comment_above(&lines[..index]).any(|line| line.starts_with("// UNSAFETY: "))
    });
    [
        (!tagline).then_some("line 1 is no `//! tagline`"),
        unexplained.then_some("unsafe without a `// UNSAFETY:` line above its attribute"),
    ]
    .into_iter()
    .flatten()
}

/// The comment that ends where `lines` end, from its last line up.
fn comment_above<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    lines
        .iter()
        .rev()
        .copied()
        .take_while(|line| line.starts_with("// "))
}

/// Sources that are neither a crate's root nor declared by a module next to or above them.
fn orphans(sources: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut declared = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source)?;
        let stem = source.file_stem().unwrap_or_default();
        let directory = source.parent().unwrap_or(source);
        let is_map = ["lib", "main", "mod"].iter().any(|name| stem == *name);
        let below = if is_map {
            directory.to_path_buf()
        } else {
            directory.join(stem)
        };
        for module in text.lines().filter_map(module_name) {
            declared.insert(below.join(format!("{module}.rs")));
            declared.insert(below.join(module).join("mod.rs"));
            // A root under another name: tests/x.rs, src/bin/x.rs.
            declared.insert(directory.join(format!("{module}.rs")));
            declared.insert(directory.join(module).join("mod.rs"));
        }
    }
    let is_orphan = |source: &&PathBuf| !declared.contains(*source) && !is_root(source);
    Ok(sources.iter().filter(is_orphan).cloned().collect())
}

/// The module that a line like `pub(crate) mod name;` declares.
fn module_name(line: &str) -> Option<&str> {
    let declaration = line.trim().strip_suffix(';')?;
    let (before, name) = declaration.rsplit_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

/// Whether cargo, or a test of ours, compiles the file on its own.
fn is_root(source: &Path) -> bool {
    let above = |levels: usize| source.ancestors().nth(levels).unwrap_or(source);
    let is_crate = |directory: &Path| directory.join("Cargo.toml").exists();
    let named = |path: &Path, names: &[&str]| {
        path.file_name()
            .is_some_and(|name| names.iter().any(|other| name == *other))
    };
    let in_target = |levels: usize| {
        named(above(levels), &["tests", "examples", "benches", "bin"])
            && (is_crate(above(levels + 1)) || is_crate(above(levels + 2)))
    };
    (named(source, &["lib.rs", "main.rs"]) && is_crate(above(2)))
        || (named(source, &["build.rs"]) && is_crate(above(1)))
        || (named(source, &["main.rs"]) && in_target(2))
        || (!named(source, &["mod.rs"]) && in_target(1) && !above(1).ends_with("src/tests"))
        || above(1).ends_with("tests/programs")
}

/// Rows of the table must have as many columns as its head.
fn table_problems(text: &str) -> impl Iterator<Item = String> {
    let mut head = None;
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            head = None;
            continue;
        }
        let columns = line.replace("\\|", "").matches('|').count();
        match head {
            None => head = Some(columns),
            Some(expected) if columns != expected => {
                problems.push(format!("line {}: another number of columns", index + 1));
            }
            Some(_) => {}
        }
    }
    problems.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_problem() {
        let long = "//! Ports.\n// UNSAFETY: reads registers\n// of the device.\n#![expect(unsafe_code)]\n";
        for (text, count) in [
            ("//! Ports.\n", 0),
            ("use x;\n", 1),
            ("//! Ports.\n#![expect(unsafe_code)]\n", 1),
            (long, 0),
            ("", 1),
        ] {
            assert_eq!(source_problems(text).count(), count, "{text:?}");
        }
    }

    #[test]
    fn declarations_are_read() {
        for (line, name) in [
            ("mod a;", Some("a")),
            ("pub(crate) mod b;", Some("b")),
            ("mod c {", None),
            ("// see mod d;", None),
        ] {
            assert_eq!(module_name(line), name, "{line}");
        }
    }

    #[test]
    fn rows_have_the_columns_of_their_head() {
        assert_eq!(table_problems("|a|b|\n|-|-|\n|1|2|\n\n|x|\n").count(), 0);
        assert_eq!(table_problems("|a|b|\n|-|-|\n|1|\n").count(), 1);
    }
}
