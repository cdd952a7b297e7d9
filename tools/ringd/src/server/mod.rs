//! The socket that ringctl connects to: one thread for each connection, one request on each.

mod changes;
mod connection;
mod devices;
mod domains;
mod explain;
mod nodes;
mod statistics;
mod streams;
mod target;
mod vcpus;
mod waiting;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ringwall_api::{Failure, Kind, Request, Result};
use serde::Serialize;
use serde_json::Value;

use crate::daemon::Daemon;
use connection::Connection;

pub(crate) use changes::rename;

/// Connections at a time.
const CONNECTIONS: usize = 256;

/// Listens from now on.
pub(crate) fn start(daemon: &Arc<Daemon>, socket: &Path) -> Result<()> {
    let listener = listen(socket).map_err(|error| {
        let message = format!("ringd can't listen at {}: {error}", socket.display());
        Failure::new(Kind::Failed, message)
    })?;
    let daemon = Arc::clone(daemon);
    let open = Arc::new(AtomicUsize::new(0));
    thread::Builder::new()
        .name("requests".into())
        .spawn(move || {
            for stream in listener.incoming() {
                match stream {
                    Ok(stream) => accept(&daemon, &open, stream),
                    Err(error) => log::warn!("a client could not connect: {error}"),
                }
            }
        })?;
    Ok(())
}

/// Binds the socket, for root alone. The lock says that nobody else uses it.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    if let Some(directory) = socket.parent() {
        fs::create_dir_all(directory)?;
    }
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn accept(daemon: &Arc<Daemon>, open: &Arc<AtomicUsize>, stream: UnixStream) {
    let daemon = Arc::clone(daemon);
    let counted = Counted::new(Arc::clone(open));
    let is_full = open.load(Ordering::Relaxed) > CONNECTIONS;
    let spawned = thread::Builder::new()
        .name("request".into())
        .spawn(move || {
            let _counted = counted;
            let mut connection = Connection::new(stream);
            let outcome = match is_full {
                true => Err(Failure::new(
                    Kind::NoRoom,
                    "ringd has too many clients: end some of them",
                )),
                false => connection
                    .request()
                    .and_then(|request| answer(&daemon, request, &mut connection)),
            };
            connection.finish(outcome);
        });
    if let Err(error) = spawned {
        log::error!("no thread for a client: {error}");
    }
}

/// A connection that counts while it is there.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Does what is asked; the result is the reply.
fn answer(daemon: &Daemon, request: Request, connection: &mut Connection) -> Result<Value> {
    match request {
        Request::Create { guest, paused } => value(&changes::create(daemon, *guest, paused)?),
        Request::List => value(&domains::list(daemon)?),
        Request::Info { domain } => value(&domains::info(daemon, &domain)?),
        Request::Destroy { which } => value(&changes::destroy(daemon, which)?),
        Request::End {
            which,
            how,
            wait_ms,
        } => value(&changes::end(daemon, which, how, wait_ms)?),
        Request::Pause { which } => value(&changes::pause(daemon, which)?),
        Request::Unpause { which } => value(&changes::unpause(daemon, which)?),
        Request::Console { domain } => streams::console(daemon, &domain, connection),
        Request::Logs {
            domain,
            follow,
            since_ms,
        } => streams::logs(daemon, &domain, follow, since_ms, connection),
        Request::Wait {
            domain,
            condition,
            timeout_ms,
        } => value(&waiting::wait(
            daemon, &domain, &condition, timeout_ms, connection,
        )?),
        Request::VcpuList { domain } => value(&vcpus::list_of(daemon, &domain)?),
        Request::VcpuPin { domain, vcpu, cpus } => {
            value(&vcpus::pin(daemon, &domain, vcpu, cpus.as_deref())?)
        }
        Request::VcpuSet { domain, count } => value(&vcpus::set(daemon, &domain, count)?),
        Request::MemorySet { domain, kib } => value(&vcpus::memory_set(daemon, &domain, kib)?),
        Request::MemoryMax { domain, kib } => value(&vcpus::memory_max(daemon, &domain, kib)?),
        Request::DiskList { domain } => value(&devices::disks_of(daemon, &domain)?),
        Request::DiskAttach { domain, disk } => {
            value(&devices::attach_disk(daemon, &domain, &disk)?)
        }
        Request::DiskDetach {
            domain,
            device,
            force,
        } => value(&devices::detach_disk(daemon, &domain, &device, force)?),
        Request::NetList { domain } => value(&devices::nets_of(daemon, &domain)?),
        Request::NetAttach { domain, net } => value(&devices::attach_net(daemon, &domain, &net)?),
        Request::NetDetach {
            domain,
            device,
            force,
        } => value(&devices::detach_net(daemon, &domain, &device, force)?),
        Request::Dmesg => value(&domains::dmesg(daemon)?),
        Request::Sample { memory_use } => value(&domains::sample(daemon, memory_use)?),
        Request::Rename { domain, name } => value(&changes::rename_named(daemon, &domain, &name)?),
        Request::Sysrq { domain, key } => value(&changes::sysrq(daemon, &domain, key)?),
        Request::DumpCore { domain, file } => {
            value(&changes::dump_core(daemon, &domain, Path::new(&file))?)
        }
        Request::StoreList { path, recursive } => value(&nodes::list(daemon, &path, recursive)?),
        Request::StoreRead { path } => value(&nodes::read(daemon, &path)?),
        Request::StoreWrite { path, value: text } => value(&nodes::write(daemon, &path, &text)?),
        Request::StoreRemove { path } => value(&nodes::remove(daemon, &path)?),
        Request::StoreWatch { path } => nodes::watch(daemon, &path, connection),
        Request::Explain { domain } => value(&explain::explain(daemon, &domain)?),
        Request::Events { follow } => streams::events(daemon, follow, connection),
    }
}

fn value(reply: &impl Serialize) -> Result<Value> {
    serde_json::to_value(reply).map_err(|error| Failure::new(Kind::Failed, error.to_string()))
}
