//! The kernel modules of dom0, with what they depend on.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, SectionHeader as _};

use super::archive::Archive;

/// By name; those that are built in or that a kernel lacks are passed over.
#[rustfmt::skip]
pub(super) const WANTED: &[&str] = &[
    // Disks.
    "virtio_blk", "virtio_scsi", "ahci", "ata_piix", "ata_generic", "sd_mod", "sr_mod", "nvme",
    // Networks.
    "virtio_net", "e1000", "e1000e", "8139cp", "8139too", "af_packet", "bridge", "tun",
    "veth",
    // Translation of addresses, for guests.
    "nf_tables", "nft_chain_nat", "nft_masq",
    // The bus of the virtual ones.
    "virtio_pci", "virtio_rng", "virtio_console", "virtio_balloon",
    // Xen's devices and backends.
    "xen_evtchn", "xen_gntdev", "xen_gntalloc", "xen_privcmd", "xenfs", "xen_blkback",
    "xen_netback", "xen_pciback", "xen_acpi_processor", "xen_blkfront", "xen_netfront",
    // File systems; ext4 asks for crc32c only when it mounts.
    "ext4", "crc32c_generic", "crc32c_intel", "vfat", "nls_cp437", "nls_ascii", "isofs", "loop",
    "overlay", "squashfs",
];

/// Adds the `wanted` modules of `directory` (`lib/modules/RELEASE`), what they depend on, and the
/// indexes that modprobe reads.
pub(super) fn add(archive: &mut Archive, directory: &Path, wanted: &[&str]) -> Result<()> {
    let release = directory
        .file_name()
        .context("modules have no release")?
        .to_string_lossy();
    let into = format!("lib/modules/{release}");
    let available = find(&directory.join("kernel"))?;
    let mut chosen = BTreeMap::new();
    let mut pending: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = pending.pop() {
        let Some(file) = available.get(&name) else {
            continue;
        };
        if let Entry::Vacant(place) = chosen.entry(name) {
            let module = place.insert(Module::read(file)?);
            pending.extend(module.needs.iter().cloned());
        }
    }
    let (mut dependencies, mut aliases) = (String::new(), String::new());
    for (name, module) in &chosen {
        archive.file(&format!("{into}/{name}.ko"), 0o644, &module.content)?;
        dependencies.push_str(&format!("{name}.ko:"));
        for needed in closure(&chosen, name) {
            dependencies.push_str(&format!(" {needed}.ko"));
        }
        dependencies.push('\n');
        for alias in &module.aliases {
            aliases.push_str(&format!("alias {alias} {name}\n"));
        }
    }
    archive.file(
        &format!("{into}/modules.dep"),
        0o644,
        dependencies.as_bytes(),
    )?;
    archive.file(&format!("{into}/modules.alias"), 0o644, aliases.as_bytes())?;
    if let Ok(built_in) = fs::read(directory.join("modules.builtin")) {
        archive.file(&format!("{into}/modules.builtin"), 0o644, &built_in)?;
    }
    Ok(())
}

/// A module's file, and what its `.modinfo` section says of it.
struct Module {
    content: Vec<u8>,
    needs: Vec<String>,
    aliases: Vec<String>,
}

impl Module {
    fn read(file: &Path) -> Result<Self> {
        let content = fs::read(file)?;
        let facts = modinfo(&content).with_context(|| file.display().to_string())?;
        let values = |key: &str| {
            let lines = facts.split('\0').filter_map(|fact| fact.split_once('='));
            lines
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        let needs = values("depends")
            .into_iter()
            .flat_map(|list| list.split(','))
            .map(module_name);
        let needs = needs.filter(|name| !name.is_empty()).collect();
        let aliases = values("alias").into_iter().map(str::to_owned).collect();
        Ok(Self {
            needs,
            aliases,
            content,
        })
    }
}

fn modinfo(content: &[u8]) -> Result<String> {
    let header = FileHeader64::<LE>::parse(content)?;
    let sections = header.sections(LE, content)?;
    let (_, section) = sections
        .section_by_name(LE, b".modinfo")
        .context("no .modinfo")?;
    Ok(String::from_utf8_lossy(section.data(LE, content)?).into_owned())
}

/// All that a module needs, directly or not: each before what it needs itself, as modprobe reads
/// the list from its end.
fn closure<'a>(modules: &'a BTreeMap<String, Module>, name: &'a str) -> Vec<&'a str> {
    fn visit<'a>(modules: &'a BTreeMap<String, Module>, name: &'a str, order: &mut Vec<&'a str>) {
        for needed in modules
            .get(name)
            .into_iter()
            .flat_map(|module| &module.needs)
        {
            if !order.contains(&needed.as_str()) {
                visit(modules, needed, order);
                order.push(needed);
            }
        }
    }
    let mut order = Vec::new();
    visit(modules, name, &mut order);
    order.reverse();
    order
}

/// All module files below a directory, by the module's name.
fn find(directory: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(directory) = pending.pop() {
        let entries = fs::read_dir(&directory);
        for entry in entries.with_context(|| directory.display().to_string())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                pending.push(entry.path());
            } else if let Some(stem) = name.strip_suffix(".ko") {
                files.insert(module_name(stem), entry.path());
            }
        }
    }
    Ok(files)
}

/// As the kernel writes it: `-` in a file's name is `_` in the module's.
fn module_name(stem: &str) -> String {
    stem.replace('-', "_")
}
