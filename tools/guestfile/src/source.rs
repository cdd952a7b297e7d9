//! A guest file as it was read: its text, its format, and what it says.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::document::{self, Entry};
use crate::fields::{Draft, directory_of, nearest};
use crate::guest::Guest;
use crate::overrides;
use crate::problem::{Place, Problem};
use crate::xl;

/// The largest file that is read, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// The two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Ringwall's own.
    Toml,
    /// The classic one.
    Xl,
}

/// A guest file's text.
#[derive(Debug, Clone)]
pub struct Source {
    name: PathBuf,
    text: String,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The guest, complete and checked.
    pub guest: Guest,
    /// One line for each key that has no effect, with its place.
    pub warnings: Vec<String>,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// It can't be read, is not UTF-8, or is too large to be a guest file.
    pub fn open(name: &Path) -> Result<Self, Problem> {
        let shown = name.display().to_string();
        let because = |error: io::Error| Problem::new(error.to_string()).of(&shown);
        let metadata = fs::metadata(name).map_err(because)?;
        if !metadata.is_file() {
            return Err(Problem::new("it is no file").of(&shown));
        }
        if metadata.len() > SIZE_LIMIT {
            let message = "it has more than 1 MiB: this is no guest file";
            return Err(Problem::new(message).of(&shown));
        }
        let bytes = fs::read(name).map_err(because)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let start = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
            let place = Place::of(&start, start.len());
            Problem::new("it is no text: guest files are UTF-8")
                .at(Some(place))
                .of(&shown)
        })?;
        Ok(Self::new(name, text))
    }

    /// A text, with the name that errors show; names of files in it start from its directory.
    #[must_use]
    pub fn new(name: &Path, text: String) -> Self {
        Self {
            name: name.to_path_buf(),
            text,
        }
    }

    /// TOML if it is named `.toml`, or if it is no file of xl's; else xl's.
    #[must_use]
    pub fn format(&self) -> Format {
        let extension = self.name.extension().unwrap_or_default();
        match extension.to_str() {
            Some("toml") => Format::Toml,
            Some("cfg" | "xl") => Format::Xl,
            _ if document::read(&self.text).is_err() && xl::read(&self.text).is_ok() => Format::Xl,
            _ if is_xl(&self.text) => Format::Xl,
            _ => Format::Toml,
        }
    }

    /// Reads all keys, sets `overrides` over them, and checks the result.
    ///
    /// # Errors
    /// The first problem, with its place.
    pub fn read(&self, overrides: &[String]) -> Result<Parsed, Problem> {
        let shown = self.name.display().to_string();
        let mut draft = Draft {
            directory: directory_of(&self.name),
            ..Draft::default()
        };
        let filled = match self.format() {
            Format::Toml => {
                document::read(&self.text).and_then(|entries| fill(&mut draft, &entries))
            }
            Format::Xl => xl::read(&self.text).and_then(|entries| xl::fill(&mut draft, &entries)),
        };
        filled.map_err(|problem| problem.of(&shown))?;
        let mut warnings: Vec<String> = draft
            .warnings
            .into_iter()
            .map(|(place, message)| Problem::new(message).at(place).of(&shown).to_string())
            .collect();
        let mut guest = draft.guest;
        warnings.extend(overrides::apply(&mut guest, Path::new("."), overrides)?);
        let guest = guest
            .check()
            .map_err(|message| Problem::new(message).of(&shown))?;
        Ok(Parsed { guest, warnings })
    }
}

/// Sets all that a TOML file says.
fn fill(draft: &mut Draft, entries: &[Entry]) -> Result<(), Problem> {
    for Entry { key, place, value } in entries {
        let done = draft.set(key, value).unwrap_or_else(|| {
            let hint =
                nearest(key).map_or_else(String::new, |near| format!(": is {near:?} meant?"));
            Err(Problem::new(format!("no key is named {key:?}{hint}")).at(*place))
        });
        done.map_err(|problem| problem.at(*place))?;
    }
    Ok(())
}

/// Whether a text that both formats could be has keys of xl's alone.
fn is_xl(text: &str) -> bool {
    const OWN: [&str; 12] = [
        "maxmem",
        "maxvcpus",
        "vif",
        "extra",
        "root",
        "on_poweroff",
        "on_reboot",
        "on_crash",
        "cpu_weight",
        "type",
        "builder",
        "bootloader",
    ];
    let entries = document::read(text).unwrap_or_default();
    entries
        .iter()
        .any(|entry| OWN.contains(&entry.key.as_str()))
}
