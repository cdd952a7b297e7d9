//! A guest: everything that a domain is created from.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cpus::Affinity;
use crate::disk::Disk;
use crate::net::Net;
use crate::policy::Policies;

/// What a guest file may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest name, in bytes.
    pub name_length: usize,
    /// The least memory, in KiB.
    pub memory_least_kib: u64,
    /// The most memory, in KiB.
    pub memory_most_kib: u64,
    /// The most virtual CPUs.
    pub vcpus: u32,
    /// The longest command line, in bytes: the ABI's start-info page has room for 1023.
    pub cmdline_length: usize,
    /// The range of weights.
    pub weight: (u32, u32),
    /// The most disks, and the most network cards.
    pub devices: usize,
}

/// The limits that are checked.
pub const LIMITS: Limits = Limits {
    name_length: 63,
    memory_least_kib: 1 << 10,
    memory_most_kib: 1 << 34,
    vcpus: 512,
    cmdline_length: 1023,
    weight: (1, 65535),
    devices: 128,
};

/// What a domain is created from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guest {
    /// Its name: unique among the domains that run.
    pub name: String,
    /// Its UUID; a random one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The kernel: an ELF file or a bzImage with Xen's notes.
    pub kernel: PathBuf,
    /// The initial RAM disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramdisk: Option<PathBuf>,
    /// The kernel's command line.
    pub cmdline: String,
    /// The memory it starts with, in KiB.
    pub memory_kib: u64,
    /// The most it may have, in KiB.
    pub max_memory_kib: u64,
    /// The virtual CPUs it starts with.
    pub vcpus: u32,
    /// The most it may have.
    pub max_vcpus: u32,
    /// Where they may run.
    pub cpus: Affinity,
    /// Its share of the CPUs, relative to others'.
    pub weight: u32,
    /// The most CPU time it gets, in per cent of one CPU; 0 is no limit.
    pub cap: u32,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub nets: Vec<Net>,
    /// What becomes of it when it ends.
    pub on: Policies,
}

impl Default for Guest {
    /// Defaults for what a file leaves out; without a name and a kernel it is not valid.
    fn default() -> Self {
        Self {
            name: String::new(),
            uuid: None,
            kernel: PathBuf::new(),
            ramdisk: None,
            cmdline: String::new(),
            memory_kib: 128 << 10,
            max_memory_kib: 0,
            vcpus: 1,
            max_vcpus: 0,
            cpus: Affinity::Any,
            weight: 256,
            cap: 0,
            disks: Vec::new(),
            nets: Vec::new(),
            on: Policies::default(),
        }
    }
}

impl Guest {
    /// Fills in what follows from the rest, and checks what no single key shows.
    ///
    /// # Errors
    /// One line that names the keys that don't go together.
    pub fn check(mut self) -> Result<Self, String> {
        check_name(&self.name)?;
        if self.kernel.as_os_str().is_empty() {
            return Err("the guest has no kernel: add kernel = \"/path/to/vmlinuz\"".to_owned());
        }
        // What is 0 was not given.
        if self.max_memory_kib == 0 {
            self.max_memory_kib = self.memory_kib;
        }
        if self.max_memory_kib < self.memory_kib {
            return Err(format!(
                "max_memory ({} KiB) is less than memory ({} KiB)",
                self.max_memory_kib, self.memory_kib
            ));
        }
        if self.max_vcpus == 0 {
            self.max_vcpus = self.vcpus;
        }
        if self.max_vcpus < self.vcpus {
            return Err(format!(
                "max_vcpus ({}) is less than vcpus ({})",
                self.max_vcpus, self.vcpus
            ));
        }
        if self.cmdline.len() > LIMITS.cmdline_length {
            return Err(format!(
                "the command line has {} bytes: a guest takes at most {}",
                self.cmdline.len(),
                LIMITS.cmdline_length
            ));
        }
        if self.cmdline.contains('\0') {
            return Err("the command line has a NUL character in it".to_owned());
        }
        self.check_devices()?;
        Ok(self)
    }

    fn check_devices(&self) -> Result<(), String> {
        if self.disks.len().max(self.nets.len()) > LIMITS.devices {
            return Err(format!(
                "a guest has at most {} devices of a kind",
                LIMITS.devices
            ));
        }
        let mut numbers = BTreeSet::new();
        for disk in &self.disks {
            if !numbers.insert(disk.device.number()) {
                return Err(format!("two disks are named {}", disk.device));
            }
        }
        let mut addresses = BTreeSet::new();
        for (index, net) in self.nets.iter().enumerate() {
            let mac = net.mac_for(&self.name, index);
            if !addresses.insert(mac) {
                return Err(format!("two network cards have the address {mac}"));
            }
        }
        Ok(())
    }
}

/// Whether a domain may have this name. A number would be taken for an ID.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if name.is_empty() {
        return Err("the guest has no name: add name = \"...\"".to_owned());
    }
    if name.len() > LIMITS.name_length {
        return Err(format!(
            "the name has more than {} bytes",
            LIMITS.name_length
        ));
    }
    if !name.chars().all(is_good) || name.starts_with(['-', '.']) {
        return Err(format!(
            "{name:?} is no name of a domain: use letters, digits and any of - _ . +"
        ));
    }
    if name.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!(
            "{name:?} would be taken for a domain's number: add a letter"
        ));
    }
    Ok(())
}

impl Guest {
    /// Whether a domain may have this name.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn check_name(name: &str) -> Result<(), String> {
        check_name(name)
    }
}
