//! What a client can ask for. Domains are named by their name or their number.

use ringwall_guestfile::{Disk, Guest, Net};
use serde::{Deserialize, Serialize};

use crate::Condition;

/// One domain, or all but dom0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// These.
    Domains(Vec<String>),
    /// All.
    All,
}

/// How a domain is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It switches itself off.
    Poweroff,
    /// It restarts.
    Reboot,
}

impl Ending {
    /// The word in the store's node `control/shutdown`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Poweroff => "poweroff",
            Self::Reboot => "reboot",
        }
    }
}

/// A request. Each says what its reply is; the types are this crate's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Create a domain. Reply: [`Created`](crate::Created).
    Create {
        /// What from.
        guest: Box<Guest>,
        /// Leave it paused.
        paused: bool,
    },
    /// Name the domains. Reply: a list of [`Summary`](crate::Summary).
    List,
    /// Tell all of a domain. Reply: [`Info`](crate::Info).
    Info {
        /// Which.
        domain: String,
    },
    /// End domains at once. Reply: a list of [`Changed`](crate::Changed).
    Destroy {
        /// Which.
        which: Which,
    },
    /// Ask domains to end. Reply: a list of [`Changed`](crate::Changed).
    End {
        /// Which.
        which: Which,
        /// How.
        how: Ending,
        /// Wait until they have, for so many milliseconds.
        wait_ms: Option<u64>,
    },
    /// Stop domains from running. Reply: a list of [`Changed`](crate::Changed).
    Pause {
        /// Which.
        which: Which,
    },
    /// Let them run again. Reply: a list of [`Changed`](crate::Changed).
    Unpause {
        /// Which.
        which: Which,
    },
    /// Attach to a console. The reply is null; then the connection carries its bytes both ways, what
    /// is kept of the past first, until the domain or the client ends.
    Console {
        /// Whose.
        domain: String,
    },
    /// Tell what a domain wrote to its console. Items: [`LogLine`](crate::LogLine).
    Logs {
        /// Whose; also of a domain that is gone.
        domain: String,
        /// Go on while the domain runs.
        follow: bool,
        /// Leave out what is older, in milliseconds since 1970.
        since_ms: Option<u64>,
    },
    /// Wait for a condition. Reply: [`Waited`](crate::Waited).
    Wait {
        /// Of which domain.
        domain: String,
        /// For what.
        condition: Condition,
        /// Give up after so many milliseconds.
        timeout_ms: Option<u64>,
    },
    /// Tell of virtual CPUs. Reply: a list of [`VcpuInfo`](crate::VcpuInfo).
    VcpuList {
        /// Whose.
        domain: String,
    },
    /// Bind a virtual CPU, or all. Reply: a list of [`VcpuInfo`](crate::VcpuInfo).
    VcpuPin {
        /// Whose.
        domain: String,
        /// Which; all if absent.
        vcpu: Option<u32>,
        /// Where it may run; everywhere if absent.
        cpus: Option<Vec<u32>>,
    },
    /// Ask for so many running virtual CPUs. Reply: a list of [`VcpuInfo`](crate::VcpuInfo).
    VcpuSet {
        /// Whose.
        domain: String,
        /// How many.
        count: u32,
    },
    /// Ask a domain to have so much memory. Reply: [`MemoryInfo`](crate::MemoryInfo).
    MemorySet {
        /// Which.
        domain: String,
        /// In KiB.
        kib: u64,
    },
    /// Set the most memory that a domain may have. Reply: [`MemoryInfo`](crate::MemoryInfo).
    MemoryMax {
        /// Which.
        domain: String,
        /// In KiB.
        kib: u64,
    },
    /// Name disks. Reply: a list of [`DiskInfo`](crate::DiskInfo).
    DiskList {
        /// Whose.
        domain: String,
    },
    /// Give a domain a disk. Reply: [`DiskInfo`](crate::DiskInfo).
    DiskAttach {
        /// Which domain.
        domain: String,
        /// The disk.
        disk: Disk,
    },
    /// Take a disk away. Reply: [`DiskInfo`](crate::DiskInfo), as it was.
    DiskDetach {
        /// Whose.
        domain: String,
        /// The guest's name of it, or its number.
        device: String,
        /// Don't wait for the guest.
        force: bool,
    },
    /// Name network cards. Reply: a list of [`NetInfo`](crate::NetInfo).
    NetList {
        /// Whose.
        domain: String,
    },
    /// Give a domain a network card. Reply: [`NetInfo`](crate::NetInfo).
    NetAttach {
        /// Which domain.
        domain: String,
        /// The card.
        net: Net,
    },
    /// Take a network card away. Reply: [`NetInfo`](crate::NetInfo), as it was.
    NetDetach {
        /// Whose.
        domain: String,
        /// Its index, or its hardware address.
        device: String,
        /// Don't wait for the guest.
        force: bool,
    },
    /// Read the hypervisor's log. Reply: a list of lines.
    Dmesg,
    /// Tell of the machine and all domains. Reply: [`Sample`](crate::Sample).
    Sample {
        /// Tell also what domains' memory is used as. It takes a look at each frame of the machine.
        memory_use: bool,
    },
    /// Name a domain otherwise. Reply: [`Changed`](crate::Changed).
    Rename {
        /// Which.
        domain: String,
        /// How.
        name: String,
    },
    /// Press a magic key of Linux. Reply: [`Changed`](crate::Changed).
    Sysrq {
        /// Whose.
        domain: String,
        /// Which.
        key: char,
    },
    /// Write a domain's memory to a file. Reply: [`Changed`](crate::Changed).
    DumpCore {
        /// Whose.
        domain: String,
        /// Where to, in dom0.
        file: String,
    },
    /// Name the nodes below one. Reply: a list of [`StoreNode`](crate::StoreNode).
    StoreList {
        /// Below which.
        path: String,
        /// All of them, not the next level alone.
        recursive: bool,
    },
    /// Read a node. Reply: [`StoreNode`](crate::StoreNode).
    StoreRead {
        /// Which.
        path: String,
    },
    /// Write a node. Reply: [`StoreNode`](crate::StoreNode).
    StoreWrite {
        /// Which.
        path: String,
        /// What.
        value: String,
    },
    /// Remove a node with all below it. Reply: null.
    StoreRemove {
        /// Which.
        path: String,
    },
    /// Tell of changes. Items: [`StoreChange`](crate::StoreChange).
    StoreWatch {
        /// Of this node and those below it.
        path: String,
    },
    /// Tell what a domain is waiting for. Reply: [`Explanation`](crate::Explanation).
    Explain {
        /// Which.
        domain: String,
    },
    /// Tell of what happened to domains. Items: [`Event`](crate::Event).
    Events {
        /// Go on with what will happen.
        follow: bool,
    },
}
