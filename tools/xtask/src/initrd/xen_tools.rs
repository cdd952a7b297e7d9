//! Debian's Xen tools for dom0: `xl`, its store and its console daemon, with their libraries.
//!
//! They are unpacked, not installed, and their scripts, which want bash and half a system, are left
//! out for two of ours. What they do on Xen is what a toolstack of ours is measured against.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::LittleEndian as LE;
use object::elf::{DT_NEEDED, FileHeader64, PT_DYNAMIC};
use object::read::StringTable;
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _, SectionHeader as _};

use super::Extra;
use super::archive::Archive;
use crate::{debian, paths, progress};

/// Programs, by package, with their place in dom0.
#[rustfmt::skip]
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("xen-utils-4.17", "usr/lib/xen-4.17/bin/xl", "bin/xl"),
    ("xen-utils-4.17", "usr/lib/xen-4.17/bin/xenstored", "bin/xenstored"),
    ("xen-utils-4.17", "usr/lib/xen-4.17/bin/xenconsoled", "bin/xenconsoled"),
    ("xen-utils-4.17", "usr/lib/xen-4.17/bin/xen-init-dom0", "bin/xen-init-dom0"),
    // xl looks for it at this place.
    ("xen-utils-4.17", "usr/lib/xen-4.17/bin/xenconsole", "usr/lib/xen-4.17/bin/xenconsole"),
    ("xenstore-utils", "usr/bin/xenstore-exists", "bin/xenstore-exists"),
    ("xenstore-utils", "usr/bin/xenstore-ls", "bin/xenstore-ls"),
    ("xenstore-utils", "usr/bin/xenstore-list", "bin/xenstore-list"),
    ("xenstore-utils", "usr/bin/xenstore-read", "bin/xenstore-read"),
    ("xenstore-utils", "usr/bin/xenstore-write", "bin/xenstore-write"),
    ("xenstore-utils", "usr/bin/xenstore-rm", "bin/xenstore-rm"),
    ("xenstore-utils", "usr/bin/xenstore-chmod", "bin/xenstore-chmod"),
    ("xenstore-utils", "usr/bin/xenstore-watch", "bin/xenstore-watch"),
];

/// Where their libraries come from.
const LIBRARIES: &[&str] = &[
    "libc6",
    "libgcc-s1",
    "liblzma5",
    "libuuid1",
    "libxencall1",
    "libxendevicemodel1",
    "libxenevtchn1",
    "libxenforeignmemory1",
    "libxengnttab1",
    "libxenhypfs1",
    "libxenmisc4.17",
    "libxenstore4",
    "libxentoolcore1",
    "libxentoollog1",
    "libyajl2",
    "libzstd1",
    "zlib1g",
];

/// What no program names: the C library loads it when a thread is cancelled.
const UNNAMED: &str = "libgcc_s.so.1";

/// What is ours, with its place in dom0.
const SCRIPTS: &[(&str, &str)] = &[
    ("bin/xen-start", include_str!("xen_tools/start.sh")),
    ("etc/xen/xl.conf", "autoballoon=\"off\"\n"),
    ("etc/xen/scripts/block", include_str!("xen_tools/block.sh")),
    (
        "etc/xen/scripts/vif-bridge",
        include_str!("xen_tools/vif.sh"),
    ),
];

/// The loader's place, which is in each program.
const LOADER: (&str, &str) = ("ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2");
/// Counts up when the archive is made otherwise from the same input.
const GENERATION: u32 = 2;

/// The archive, to be appended to dom0's initrd; made anew only where its ingredients changed.
pub(crate) fn make() -> Result<PathBuf> {
    let stamp = super::digest(&(GENERATION, PROGRAMS, LIBRARIES, SCRIPTS));
    let file = paths::cache().join(format!("xen-tools-{stamp:016x}.gz"));
    if !file.exists() {
        // Fetched first: each shows its own progress.
        let content = Content::fetch()?;
        progress::step("Packing Debian's Xen tools", || {
            let partial = file.with_extension("partial");
            fs::write(&partial, content.archive()?)?;
            Ok(fs::rename(partial, &file)?)
        })?;
    }
    Ok(file)
}

/// The clients of the store alone, with their libraries, for a dom0 with another server.
pub(crate) fn store_clients() -> Result<Vec<Extra>> {
    let mut content = Content::fetch()?;
    content
        .programs
        .retain(|(_, place)| place.starts_with("bin/xenstore-"));
    content.files()
}

struct Content {
    /// By place in dom0.
    programs: Vec<(PathBuf, &'static str)>,
    /// All that there are, by name.
    libraries: BTreeMap<String, PathBuf>,
}

impl Content {
    fn fetch() -> Result<Self> {
        let programs = PROGRAMS
            .iter()
            .map(|(package, file, place)| Ok((debian::package(package)?.join(file), *place)));
        let programs = programs.collect::<Result<_>>()?;
        let mut libraries = BTreeMap::new();
        for package in LIBRARIES {
            collect(&debian::package(package)?, &mut libraries)?;
        }
        Ok(Self {
            programs,
            libraries,
        })
    }

    fn archive(&self) -> Result<Vec<u8>> {
        let mut archive = Archive::new();
        for directory in [
            "var/lib/xen",
            "var/log/xen",
            "var/lock",
            "var/run/xen",
            "run/xen",
        ] {
            archive.directory(directory)?;
        }
        for (place, script) in SCRIPTS {
            archive.file(place, 0o755, script.as_bytes())?;
        }
        for file in self.files()? {
            archive.file(&file.path, file.permissions, &file.content)?;
        }
        archive.compressed()
    }

    /// The programs, and all libraries that they take.
    fn files(&self) -> Result<Vec<Extra>> {
        let program = |place: &str, content| Extra {
            path: place.to_owned(),
            permissions: 0o755,
            content,
        };
        let mut files = Vec::new();
        let mut pending = vec![UNNAMED.to_owned()];
        for (file, place) in &self.programs {
            let content = fs::read(file).with_context(|| file.display().to_string())?;
            pending.extend(needed(&content).with_context(|| file.display().to_string())?);
            files.push(program(place, content));
        }
        let mut done = Vec::new();
        while let Some(name) = pending.pop() {
            if done.contains(&name) {
                continue;
            }
            let file = self.libraries.get(&name);
            let file = file.with_context(|| format!("no package of the list has {name}"))?;
            let content = fs::read(file).with_context(|| file.display().to_string())?;
            pending.extend(needed(&content).with_context(|| file.display().to_string())?);
            let (loader, place) = LOADER;
            if name == loader {
                files.push(program(place, content.clone()));
            }
            files.push(program(&format!("lib/x86_64-linux-gnu/{name}"), content));
            done.push(name);
        }
        Ok(files)
    }
}

/// All shared objects below a directory, links too.
fn collect(directory: &Path, into: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), into)?;
        } else if name.contains(".so") {
            into.insert(name, entry.path());
        }
    }
    Ok(())
}

/// The shared objects that a program or shared object names.
fn needed(content: &[u8]) -> Result<Vec<String>> {
    let header = FileHeader64::<LE>::parse(content)?;
    let sections = header.sections(LE, content)?;
    let strings = sections
        .section_by_name(LE, b".dynstr")
        .map(|(_, section)| section.data(LE, content))
        .transpose()?
        .unwrap_or_default();
    let strings = StringTable::new(strings, 0, strings.len() as u64);
    let mut names = Vec::new();
    for segment in header.program_headers(LE, content)? {
        if segment.p_type(LE) != PT_DYNAMIC {
            continue;
        }
        for entry in segment.dynamic(LE, content)?.into_iter().flatten() {
            if entry.tag(LE) == DT_NEEDED {
                let name = entry.string(LE, strings)?;
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    Ok(names)
}
