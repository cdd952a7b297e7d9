//! Creating a domain.

use std::sync::Arc;
use std::time::Duration;

use ringwall_abi::PAGE_SIZE;
use ringwall_api::{EventKind, Result};
use ringwall_builder::{BuildError, Built, Initrd, KernelImage, Plan, Request, build};
use ringwall_control::DomainSettings;
use ringwall_devices::backend::{self, Stage};
use ringwall_devices::disk::{self, Claim};
use ringwall_guestfile::Guest;
use ringwall_xenstore::Introduction;

use crate::console::Console;
use crate::daemon::Daemon;
use crate::destroy;
use crate::domain::{Domain, Phase, Record, RingPlace};
use crate::events::now_ms;
use crate::failure::OrFail as _;
use crate::network::Owner;
use crate::{identity, store};

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

/// Creates a domain, paused: all that it needs is there, or nothing of it is left.
pub(crate) fn create(daemon: &Daemon, guest: Guest, before: Before) -> Result<Record> {
    let name = guest.name.clone();
    let _reservation = daemon.registry.reserve(&name)?;
    let handle = match guest.uuid.as_deref().and_then(identity::parse) {
        Some(handle) => handle,
        None => identity::random()?,
    };
    let plan = plan(daemon, &guest, handle)?;
    let built = build(&*daemon.hypervisor, &plan).or_fail()?;
    let record = Record {
        id: built.domain.raw(),
        uuid: identity::format(&handle),
        name,
        guest,
        created_ms: now_ms(),
        restarts: before.restarts,
        quick_restarts: before.quick_restarts,
        console: place(built.console),
        store: place(built.store),
    };
    let undo = Undo {
        daemon,
        record: &record,
        keep: false,
    };
    furnish(daemon, &record, &built, before.console)?;
    undo.keep();
    daemon
        .events
        .add(record.id, &record.name, EventKind::Created, "");
    Ok(record)
}

fn plan(daemon: &Daemon, guest: &Guest, handle: ringwall_abi::xen::DomainHandle) -> Result<Plan> {
    let pages = |kib: u64| kib / (PAGE_SIZE as u64 / 1024);
    let free = daemon.hypervisor.machine().or_fail()?.free_pages;
    // Before the kernel is unpacked, and before a layout fails that memory could never be had for.
    if pages(guest.memory_kib) > free {
        return Err(BuildError::Memory {
            wanted: pages(guest.memory_kib),
            available: free,
        })
        .or_fail();
    }
    let kernel = KernelImage::open(&guest.kernel, Some(&daemon.kernels)).or_fail()?;
    let pinning = (0..guest.max_vcpus).map(|vcpu| {
        let set = guest
            .cpus
            .of_vcpu(usize::try_from(vcpu).unwrap_or(usize::MAX));
        set.map(|set| set.iter().collect()).unwrap_or_default()
    });
    let ramdisk = guest.ramdisk.as_deref();
    let request = Request {
        settings: DomainSettings {
            handle,
            max_vcpus: guest.max_vcpus,
            ..DomainSettings::default()
        },
        initrd: ramdisk.map(Initrd::open).transpose().or_fail()?,
        command_line: guest.cmdline.clone(),
        max_pages: pages(guest.max_memory_kib),
        pinning: pinning.collect(),
        ..Request::new(kernel, pages(guest.memory_kib))
    };
    Plan::new(request).or_fail()
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
    set_share(daemon, record);
    let mut disks = Vec::new();
    let mut device_store = daemon.device_store();
    for wanted in &record.guest.disks {
        disks.push(disk::attach(&mut device_store, domain, wanted, Claim::Checked).or_fail()?);
    }
    // A loop device has no other user before dom0's driver has opened it.
    for disk in &disks {
        backend::wait_for(&mut device_store, disk.address, Stage::Ready, DEVICE_LIMIT).or_fail()?;
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
