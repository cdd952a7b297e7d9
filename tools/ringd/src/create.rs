//! Creating a domain.

use std::sync::Arc;
use std::time::Duration;

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::xen::DomainHandle;
use ringwall_api::{EventKind, Result};
use ringwall_builder::{BuildError, Built, Initrd, KernelImage, Plan, Request, build};
use ringwall_control::DomainSettings;
use ringwall_devices::disk::{self, Claim};
use ringwall_devices::network::{self, Links};
use ringwall_guestfile::Guest;
use ringwall_xenstore::Introduction;

use crate::console::Console;
use crate::daemon::Daemon;
use crate::destroy;
use crate::domain::{Domain, Intent, Phase, Record, RingPlace, Start};
use crate::events::now_ms;
use crate::failure::OrFail as _;
use crate::network::Owner;
use crate::{identity, store};

const PAGE_KIB: u64 = PAGE_SIZE as u64 / 1024;
/// How long dom0's drivers may take for a device.
const DEVICE_LIMIT: Duration = Duration::from_secs(10);

/// Whose restart this is, if it is one.
#[derive(Default)]
pub(crate) struct Before {
    /// The console that goes on.
    pub(crate) console: Option<Arc<Console>>,
    pub(crate) restarts: u32,
    pub(crate) quick_restarts: u32,
}

/// A domain that is about to be, as it is written down. That is taken back when this is dropped: then the domain is
/// there, or nothing of it.
pub(crate) struct Intended<'a> {
    daemon: &'a Daemon,
    intent: Intent,
    handle: DomainHandle,
    console: Option<Arc<Console>>,
}

/// Creates a domain: all that it needs is there, or nothing of it is left.
pub(crate) fn create(daemon: &Daemon, guest: Guest, start: Start) -> Result<Record> {
    let intended = Intended::new(daemon, guest, start)?;
    intended.carry_out()
}

impl<'a> Intended<'a> {
    /// A domain that somebody asks for.
    pub(crate) fn new(daemon: &'a Daemon, guest: Guest, start: Start) -> Result<Self> {
        Self::write_down(daemon, guest, start, None)
    }

    /// A domain that follows one which ended, and runs: also if this ringd ends before it is there.
    pub(crate) fn restart(daemon: &'a Daemon, guest: Guest, before: Before) -> Result<Self> {
        Self::write_down(daemon, guest, Start::Running, Some(before))
    }

    fn write_down(
        daemon: &'a Daemon,
        guest: Guest,
        start: Start,
        before: Option<Before>,
    ) -> Result<Self> {
        let handle = match guest.uuid.as_deref().and_then(identity::parse) {
            Some(handle) => handle,
            None => identity::random()?,
        };
        let is_restart = before.is_some();
        let before = before.unwrap_or_default();
        let intent = Intent {
            record: Record {
                id: 0,
                uuid: identity::format(&handle),
                name: guest.name.clone(),
                guest,
                created_ms: now_ms(),
                restarts: before.restarts,
                quick_restarts: before.quick_restarts,
                console: RingPlace::default(),
                store: RingPlace::default(),
                is_ending: false,
            },
            start,
            is_restart,
        };
        daemon.registry.intend(&intent)?;
        Ok(Self {
            daemon,
            intent,
            handle,
            console: before.console,
        })
    }

    /// Creates the domain.
    pub(crate) fn carry_out(mut self) -> Result<Record> {
        let daemon = self.daemon;
        let _reservation = daemon.registry.reserve(&self.intent.record.name)?;
        let plan = plan(daemon, &self.intent.record.guest, self.handle)?;
        let built = build(&*daemon.hypervisor, &plan).or_fail()?;
        let record = Record {
            id: built.domain.raw(),
            created_ms: now_ms(),
            console: place(built.console),
            store: place(built.store),
            ..self.intent.record.clone()
        };
        self.intent.record = record.clone();
        let undo = Undo {
            daemon,
            record: &record,
            keep: false,
        };
        // What stands in the store under its number is found by it.
        daemon.registry.intend(&self.intent)?;
        furnish(daemon, &record, &built, self.console.take())?;
        if self.intent.start == Start::Running {
            daemon
                .hypervisor
                .unpause_domain(record.domain())
                .or_fail()?;
        }
        undo.keep();
        daemon
            .events
            .add(record.id, &record.name, EventKind::Created, "");
        Ok(record)
    }
}

impl Drop for Intended<'_> {
    fn drop(&mut self) {
        self.daemon.registry.forget_intent(&self.intent);
    }
}

fn plan(daemon: &Daemon, guest: &Guest, handle: DomainHandle) -> Result<Plan> {
    let pages = |kib: u64| kib / PAGE_KIB;
    let free = daemon.hypervisor.machine().or_fail()?.free_pages;
    // Before the kernel is unpacked, and before a layout fails that memory could never be had for.
    if pages(guest.memory_kib) > free {
        return Err(BuildError::Memory {
            wanted: pages(guest.memory_kib),
            available: free,
        })
        .or_fail();
    }
    // The quick checks first: unpacking a kernel takes seconds.
    let ramdisk = guest.ramdisk.as_deref();
    let initrd = ramdisk.map(Initrd::open).transpose().or_fail()?;
    check_devices(daemon, guest)?;
    let kernel = KernelImage::open(&guest.kernel, Some(&daemon.kernels)).or_fail()?;
    let pinning = (0..guest.max_vcpus).map(|vcpu| {
        let set = guest
            .cpus
            .of_vcpu(usize::try_from(vcpu).unwrap_or(usize::MAX));
        set.map(|set| set.iter().collect()).unwrap_or_default()
    });
    let request = Request {
        settings: DomainSettings {
            handle,
            max_vcpus: guest.max_vcpus,
            ..DomainSettings::default()
        },
        initrd,
        command_line: guest.cmdline.clone(),
        max_pages: pages(guest.max_memory_kib),
        pinning: pinning.collect(),
        ..Request::new(kernel, pages(guest.memory_kib))
    };
    Plan::new(request).or_fail()
}

/// Looks whether the devices can be had, which is found out for good when they are attached.
fn check_devices(daemon: &Daemon, guest: &Guest) -> Result<()> {
    let mut store = daemon.device_store();
    for wanted in &guest.disks {
        disk::check(&mut store, wanted, Claim::Checked).or_fail()?;
    }
    let mut links = Links::new();
    for bridge in guest.nets.iter().filter_map(|net| net.bridge.as_deref()) {
        network::check_bridge(&mut links, bridge).or_fail()?;
    }
    Ok(())
}

/// What surrounds a domain that was built: its nodes, console, store ring, share of the CPUs and devices.
fn furnish(
    daemon: &Daemon,
    record: &Record,
    built: &Built,
    console: Option<Arc<Console>>,
) -> Result<()> {
    let domain = built.domain;
    store::make(&daemon.store, record).or_fail()?;
    let replay = daemon.replay_path(record.id);
    let console = match console {
        Some(console) => {
            console.restart(&replay);
            console
        }
        None => {
            // What a domain of the same number left is not this one's.
            let _ = std::fs::remove_file(&replay);
            Arc::new(Console::open(&daemon.log_path(&record.name), &replay))
        }
    };
    daemon.consoles.add(
        &daemon.hypervisor,
        domain,
        record.console,
        Arc::clone(&console),
    )?;
    daemon
        .store
        .introduce(&Introduction {
            domain,
            frame: record.store.frame,
            port: record.store.port,
        })
        .or_fail()?;
    let most = record.guest.max_memory_kib / PAGE_KIB;
    daemon.hypervisor.set_memory_map(domain, most).or_fail()?;
    set_share(daemon, record);
    let mut disks = Vec::new();
    let mut device_store = daemon.device_store();
    for wanted in &record.guest.disks {
        disks.push(disk::attach(&mut device_store, domain, wanted, Claim::Checked).or_fail()?);
    }
    // A loop device has no other user before dom0's driver has opened it.
    for disk in disks {
        disk::hand_over(&mut device_store, disk, DEVICE_LIMIT).or_fail()?;
    }
    let owner = Owner {
        domain,
        name: &record.name,
    };
    for (index, net) in (0..).zip(&record.guest.nets) {
        daemon.network.attach(daemon, &owner, index, net)?;
    }
    daemon.registry.put(Domain {
        record: record.clone(),
        console,
        phase: Phase::Kept,
    })
}

/// Weight and cap; a scheduler without them is named in the log.
fn set_share(daemon: &Daemon, record: &Record) {
    let guest = &record.guest;
    if (guest.weight, guest.cap) == (256, 0) {
        return;
    }
    let parameters = ringwall_abi::domctl::SchedulerParameters {
        weight: u16::try_from(guest.weight).unwrap_or(u16::MAX),
        cap: u16::try_from(guest.cap).unwrap_or(u16::MAX),
    };
    let hypervisor = &daemon.hypervisor;
    if let Err(error) = hypervisor.set_scheduler_parameters(record.domain(), parameters) {
        log::warn!("weight and cap of {} are not set: {error}", record.name);
    }
}

fn place(ring: ringwall_builder::Ring) -> RingPlace {
    RingPlace {
        frame: ring.frame.raw(),
        port: ring.port.raw(),
    }
}

/// Takes down what was made, unless it is kept.
struct Undo<'a> {
    daemon: &'a Daemon,
    record: &'a Record,
    keep: bool,
}

impl Undo<'_> {
    fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.keep {
            destroy::take_down(self.daemon, self.record);
            self.daemon.registry.remove(self.record.id);
        }
    }
}
