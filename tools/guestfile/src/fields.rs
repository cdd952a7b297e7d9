//! The keys of a guest file, in one table: names in both formats, meaning, and how each is set.

use std::path::{Path, PathBuf};

use crate::cpus::{Affinity, CpuSet};
use crate::disk::Disk;
use crate::guest::{Guest, LIMITS, check_name};
use crate::net::Net;
use crate::policy::Action;
use crate::problem::{Place, Problem};
use crate::size;
use crate::value::{Located, Value};

/// A key.
pub struct Field {
    /// In a TOML file and on the command line.
    pub name: &'static str,
    /// In a file of xl's, and also taken on the command line; empty if xl has none.
    pub xl: &'static str,
    /// What it takes, in a few words.
    pub takes: &'static str,
    /// What it means.
    pub about: &'static str,
    set: fn(&mut Draft, &Located) -> Result<(), Problem>,
}

/// A guest in the making.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) guest: Guest,
    /// What names of files start from, unless they start at the root.
    pub(crate) directory: PathBuf,
    /// xl's `root=` and `extra=`, which a command line of its own overrides.
    pub(crate) root: Option<String>,
    pub(crate) extra: Option<String>,
    /// Keys that have no effect, and the like.
    pub(crate) warnings: Vec<(Option<Place>, String)>,
}

impl Draft {
    /// Sets the field that `key` names; `None` if there is none.
    pub(crate) fn set(&mut self, key: &str, value: &Located) -> Option<Result<(), Problem>> {
        let field = FIELDS.iter().find(|field| field.name == key)?;
        Some((field.set)(self, value))
    }

    fn path(&self, value: &Located) -> Result<PathBuf, Problem> {
        let text = value.as_text()?;
        match text.is_empty() || text.contains('\0') {
            true => Err(value.problem(format!("{text:?} is no file's name"))),
            false => Ok(self.directory.join(text)),
        }
    }

    fn warn(&mut self, value: &Located, warnings: Vec<String>) {
        let lines = warnings.into_iter().map(|line| (value.place, line));
        self.warnings.extend(lines);
    }
}

/// The name of the field that xl calls so.
pub(crate) fn from_xl(key: &str) -> Option<&'static str> {
    let found = FIELDS
        .iter()
        .find(|field| !field.xl.is_empty() && field.xl == key);
    found.map(|field| field.name)
}

/// The known name that is most like `key`, for an error's hint.
pub(crate) fn nearest(key: &str) -> Option<&'static str> {
    let scored = FIELDS.iter().map(|field| {
        let score = strsim::damerau_levenshtein(key, field.name);
        (score, field.name)
    });
    scored
        .min()
        .filter(|(score, _)| *score <= 2)
        .map(|(_, name)| name)
}

/// All keys, in the order of the documentation.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    Field { name: "name", xl: "name", takes: "text",
        about: "the domain's name: letters, digits and any of `- _ . +`", set: name },
    Field { name: "uuid", xl: "uuid", takes: "text",
        about: "its UUID; a random one if absent", set: uuid },
    Field { name: "kernel", xl: "kernel", takes: "file",
        about: "the kernel: an ELF file or a bzImage with Xen's notes", set: kernel },
    Field { name: "ramdisk", xl: "ramdisk", takes: "file",
        about: "the initial RAM disk", set: ramdisk },
    Field { name: "cmdline", xl: "cmdline", takes: "text",
        about: "the kernel's command line", set: cmdline },
    Field { name: "memory", xl: "memory", takes: "size",
        about: "the memory it starts with: `256M`, `2G`; a number counts MiB", set: memory },
    Field { name: "max_memory", xl: "maxmem", takes: "size",
        about: "the most it may have; the same as `memory` if absent", set: max_memory },
    Field { name: "vcpus", xl: "vcpus", takes: "number",
        about: "the virtual CPUs it starts with", set: vcpus },
    Field { name: "max_vcpus", xl: "maxvcpus", takes: "number",
        about: "the most it may have; the same as `vcpus` if absent", set: max_vcpus },
    Field { name: "cpus", xl: "cpus", takes: "set or list of sets",
        about: "where they may run: `\"0-3,^2\"` for all, `[\"0\", \"1\"]` for each", set: cpus },
    Field { name: "weight", xl: "cpu_weight", takes: "number",
        about: "its share of the CPUs, from 1 to 65535; 256 if absent", set: weight },
    Field { name: "cap", xl: "cap", takes: "number",
        about: "the most CPU time, in per cent of one CPU; 0 is no limit", set: cap },
    Field { name: "disk", xl: "disk", takes: "tables or texts",
        about: "a disk: `path`, `device`, `access` (`ro` or `rw`), or a text as xl has it",
        set: disk },
    Field { name: "net", xl: "vif", takes: "tables or texts",
        about: "a network card: `mac`, `bridge`, `ip`, `interface`, each optional, or a text as \
                xl has it", set: net },
    Field { name: "on.poweroff", xl: "on_poweroff", takes: "action",
        about: "what is done when it switches itself off; `destroy` if absent", set: on_poweroff },
    Field { name: "on.reboot", xl: "on_reboot", takes: "action",
        about: "when it asks for a restart; `restart` if absent", set: on_reboot },
    Field { name: "on.crash", xl: "on_crash", takes: "action",
        about: "when it crashes; `destroy` if absent", set: on_crash },
    Field { name: "on.watchdog", xl: "on_watchdog", takes: "action",
        about: "when its watchdog runs out; `destroy` if absent", set: on_watchdog },
    Field { name: "on.restart_limit", xl: "", takes: "number",
        about: "so many restarts in a row, each after less than ten seconds; 5 if absent",
        set: restart_limit },
];

fn name(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    let text = value.as_text()?;
    check_name(&text).map_err(|message| value.problem(message))?;
    draft.guest.name = text;
    Ok(())
}

fn uuid(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    let text = value.as_text()?.to_ascii_lowercase();
    let is_good = text.len() == 36
        && text.char_indices().all(|(index, c)| match index {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    if !is_good {
        return Err(value.problem(format!("{text:?} is no UUID")));
    }
    draft.guest.uuid = Some(text);
    Ok(())
}

fn kernel(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.kernel = draft.path(value)?;
    Ok(())
}

fn ramdisk(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.ramdisk = Some(draft.path(value)?);
    Ok(())
}

fn cmdline(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.cmdline = value.as_text()?;
    Ok(())
}

fn memory(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.memory_kib = size(value)?;
    Ok(())
}

fn max_memory(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.max_memory_kib = size(value)?;
    Ok(())
}

fn size(value: &Located) -> Result<u64, Problem> {
    let text = value.as_text()?;
    let kib = size::parse_kib(&text).map_err(|message| value.problem(message))?;
    let range = LIMITS.memory_least_kib..=LIMITS.memory_most_kib;
    match range.contains(&kib) {
        true => Ok(kib),
        false => Err(value.problem(format!("{text} is not from 1M to 16T"))),
    }
}

fn vcpus(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.vcpus = value.as_number(1, LIMITS.vcpus)?;
    Ok(())
}

fn max_vcpus(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.max_vcpus = value.as_number(1, LIMITS.vcpus)?;
    Ok(())
}

fn cpus(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    let set = |value: &Located| {
        let text = value.as_text()?;
        CpuSet::parse(&text).map_err(|message| value.problem(message))
    };
    draft.guest.cpus = match &value.value {
        Value::Text(text) if text == "all" => Affinity::Any,
        Value::List(list) => Affinity::Each(list.iter().map(set).collect::<Result<_, _>>()?),
        _ => Affinity::Shared(set(value)?),
    };
    Ok(())
}

fn weight(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.weight = value.as_number(LIMITS.weight.0, LIMITS.weight.1)?;
    Ok(())
}

fn cap(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.cap = value.as_number(0, LIMITS.vcpus * 100)?;
    Ok(())
}

fn disk(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    for one in value.as_list() {
        let (mut disk, warnings) =
            Disk::from_value(one).map_err(|problem| problem.at(value.place))?;
        disk.path = draft.directory.join(disk.path);
        draft.warn(one, warnings);
        draft.guest.disks.push(disk);
    }
    Ok(())
}

fn net(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    for one in value.as_list() {
        let (net, warnings) = Net::from_value(one).map_err(|problem| problem.at(value.place))?;
        draft.warn(one, warnings);
        draft.guest.nets.push(net);
    }
    Ok(())
}

fn action(value: &Located) -> Result<Action, Problem> {
    Action::parse(&value.as_text()?).map_err(|message| value.problem(message))
}

fn on_poweroff(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.on.poweroff = action(value)?;
    Ok(())
}

fn on_reboot(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.on.reboot = action(value)?;
    Ok(())
}

fn on_crash(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.on.crash = action(value)?;
    Ok(())
}

fn on_watchdog(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.on.watchdog = action(value)?;
    Ok(())
}

fn restart_limit(draft: &mut Draft, value: &Located) -> Result<(), Problem> {
    draft.guest.on.restart_limit = value.as_number(0, u32::MAX)?;
    Ok(())
}

/// The directory that a file is in.
pub(crate) fn directory_of(file: &Path) -> PathBuf {
    let directory = file.parent().unwrap_or(Path::new(""));
    match directory.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => directory.to_path_buf(),
    }
}
