//! The daemon: what all its parts share, and how it starts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ringwall_api::{Failure, Kind, Result};
use ringwall_builder::Cache;
use ringwall_control::Hypervisor;
use ringwall_xenstore::{Handle, Options, Server};
use rustix::fs::{FlockOperation, flock};

use crate::console::Service;
use crate::dump::Dumps;
use crate::events::Events;
use crate::failure::OrFail as _;
use crate::network::Network;
use crate::registry::Registry;
use crate::store::{ControlDomain, DeviceStore};
use crate::{Settings, adopt, lifecycle, server};

/// What all parts share.
pub(crate) struct Daemon {
    pub(crate) hypervisor: Arc<Hypervisor>,
    pub(crate) store: Handle,
    pub(crate) consoles: Arc<Service>,
    pub(crate) registry: Registry,
    pub(crate) events: Events,
    pub(crate) dumps: Dumps,
    pub(crate) network: Network,
    pub(crate) kernels: Cache,
    /// For a clock that never goes back.
    pub(crate) started: Instant,
    settings: Settings,
}

impl Daemon {
    /// Starts all parts, and answers requests for ever.
    pub(crate) fn run(settings: &Settings) -> Result<()> {
        let make = |path: &Path| {
            fs::create_dir_all(path).map_err(|error| {
                Failure::new(
                    Kind::Failed,
                    format!("{} can't be made: {error}", path.display()),
                )
            })
        };
        make(&settings.state)?;
        make(&settings.state.join("console"))?;
        make(&settings.logs)?;
        if let Some(directory) = settings.store_socket.parent() {
            make(directory)?;
        }
        let _lock = only_one(&settings.state)?;
        let hypervisor = Arc::new(Hypervisor::open().or_fail()?);
        let machine = ControlDomain::open(Arc::clone(&hypervisor)).or_fail()?;
        let options = Options {
            socket: Some(settings.store_socket.clone()),
            directory: Some(settings.state.join("xenstore")),
            ..Options::default()
        };
        let server = Server::open(&options, Box::new(machine)).map_err(|error| {
            Failure::new(Kind::Failed, format!("the store can't be served: {error}"))
        })?;
        let store = server.handle();
        name_dom0(&store)?;
        let thread = server.spawn()?;
        let daemon = Arc::new(Self {
            hypervisor,
            store,
            consoles: Service::start()?,
            registry: Registry::new(&settings.state.join("domains"))?,
            events: Events::default(),
            dumps: Dumps::default(),
            network: Network::new(&settings.state),
            kernels: Cache::new(settings.state.join("kernels")),
            started: Instant::now(),
            settings: settings.clone(),
        });
        let again = adopt::adopt(&daemon)?;
        lifecycle::start(&daemon, again)?;
        server::start(&daemon, &settings.socket)?;
        log::info!("ringd answers at {}", settings.socket.display());
        match thread.join() {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(Failure::new(Kind::Failed, "the store's thread ended")),
        }
    }

    /// The store, for device set-up.
    pub(crate) fn device_store(&self) -> DeviceStore {
        DeviceStore(self.store.clone())
    }

    /// The file of a domain's console.
    pub(crate) fn log_path(&self, name: &str) -> PathBuf {
        self.settings.logs.join(format!("{name}.log"))
    }

    /// Where the memory of domains is written whose policy asks for it.
    pub(crate) fn dump_directory(&self) -> &Path {
        &self.settings.dumps
    }

    /// The file from which a console is replayed after a restart of ringd.
    pub(crate) fn replay_path(&self, id: u16) -> PathBuf {
        self.replay_directory().join(id.to_string())
    }

    /// Where these files are.
    pub(crate) fn replay_directory(&self) -> PathBuf {
        self.settings.state.join("console")
    }
}

/// Holds a lock until the process ends.
fn only_one(state: &Path) -> Result<File> {
    let path = state.join("ringd.lock");
    let file = File::create(&path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        let message = format!("another ringd holds {}: end that one first", path.display());
        Failure::new(Kind::InUse, message)
    })?;
    Ok(file)
}

/// What a toolstack writes of the domain that it runs in, and drivers look for.
fn name_dom0(store: &Handle) -> Result<()> {
    for (path, value) in [
        ("/local/domain/0/domid", "0"),
        ("/local/domain/0/name", "dom0"),
        ("/tool/xenstored", ""),
    ] {
        store.write(path, value).or_fail()?;
    }
    Ok(())
}
